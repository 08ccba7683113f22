"""What every layer of a network makes of one image."""

import numpy as np
from matplotlib import colormaps
from matplotlib.patches import Rectangle
from PIL import Image

from utils.plots.blocks import LINE, canvas, wrapped, write
from utils.plots.filters import SIGNED, as_numbers, draw_bar, draw_picture, short
from utils.plots.pictures import NUMBERS
from utils.plots.style import show

SHOWN, LONGEST, MOST_ROWS = 12, 512, 60  # channels and numbers in a row; rows
LEFT, ROOM, RIGHT, HIGH, STRIP = 170, 660, 850, 100, 28  # dots
TIMES, GREY = "\N{MULTIPLICATION SIGN}", colormaps["gray"]


def plot_feature_maps(model, image, title=None):
    """Show what every layer and function makes of one image: a row each, a picture a channel.

    `image`: (C, H, W) or (1, C, H, W). Each row has a scale of its own, beside it: from black,
    0, to white; with negative values from blue over white, 0, to orange; the image from its
    smallest value to its largest. Of many channels the first 12 are shown, of a vector the
    first 512 numbers; of the last one the largest number is framed.

    The model runs in evaluation mode without gradients, and is left as it was, also after an
    error. Raises what the model raises; TypeError or ValueError for another image, for NaN in
    a layer, and for more than 60 rows.
    """
    batch = _as_batch(image)
    rows = [("image", "", batch), *_outputs(model, batch)]
    if len(rows) > MOST_ROWS:
        raise ValueError(
            f"{len(rows)} rows are too many to read, at most {MOST_ROWS}: pass a part of the "
            "model, and what goes into it"
        )
    rows = [(name, kind, as_numbers(output[0], name)) for name, kind, output in rows]
    rows = [(*row[:2], row[2] if 0 < row[2].ndim < 4 else row[2].reshape(-1)) for row in rows]
    heights = [_height(name, kind, array) for name, kind, array in rows]
    title, top, words = title or f"Feature maps of {type(model).__name__}", 48, []
    axis = canvas(sum(heights) + top + 10)
    write(axis, 12, 12, title, fontsize=13, fontweight="bold")
    for number, ((name, kind, array), height) in enumerate(zip(rows, heights, strict=True)):
        limits, colours = _limits(array, number == 0)
        for line, (text, weight) in enumerate(_label(name, kind, array)):
            write(axis, 12, top + LINE * line, text, fontweight=weight)
        _draw(axis, name, array, top, (limits, colours), number == len(rows) - 1)
        draw_bar(axis, (RIGHT, top + 6, 14, min(height - 26, HIGH)), limits, colours)
        size = TIMES.join(map(str, array.shape))
        words.append(f"{name} {size} from {short(array.min())} to {short(array.max())}")
        top += height
    show(axis.figure, f"{title}: {'; '.join(words)}")


def _as_batch(image):
    if not hasattr(image, "detach"):
        kind = type(image).__name__
        raise TypeError(f"image must be a tensor, got {kind}: pass {_remedy(image)}")
    shape = tuple(image.shape)
    if len(shape) not in (3, 4) or (len(shape) == 4 and shape[0] != 1) or 0 in shape:
        remedy = ": take one of them, images[0]" if len(shape) == 4 else ""
        raise ValueError(f"image has shape {shape}; expected (C, H, W) or (1, C, H, W){remedy}")
    return image.detach().reshape(1, *shape[-3:])


def _remedy(image):
    """Return code that makes numbers in 0..1, (C, H, W), of what PIL and NumPy call a picture."""
    made = None
    if isinstance(image, Image.Image):
        grey = image.mode in ("1", "LA", "La")
        made = f'to_image(image.convert("{"L" if grey else "RGB"}"))'
        made = "to_image(image)" if image.mode in (*NUMBERS, "RGB") else made
    elif isinstance(image, np.ndarray):
        last = image.ndim == 2 or image.shape[-1:] in ((1,), (3,))
        made = "to_image(image)" if last else "torch.from_numpy(image)"
    if made:
        where = "to_dtype and to_image from torchvision.transforms.v2.functional"
        return f"to_dtype({made}, scale=True), with {where}"
    is_list = isinstance(image, list | tuple)
    return "torch.tensor(image)" if is_list else "the picture's numbers, (C, H, W)"


def _limits(array, is_image):
    low, high = float(array.min()), float(array.max())
    if is_image:
        return (low, high), GREY
    if low < 0:
        return (-max(-low, high), max(-low, high)), SIGNED
    return (0.0, high), GREY


def _label(name, kind, array):
    drawn, number = _drawn(array)
    sizes = f" {TIMES} ".join(f"{size:,}" for size in array.shape)
    plain = [*[kind] * bool(kind), f"{sizes} numbers" if array.ndim == 1 else sizes]
    plain += [f"first {drawn} of {number:,}"] * (drawn < number)
    names = wrapped(name, LEFT - 24, "bold")
    return [(line, "bold") for line in names] + [(line, "normal") for line in plain]


def _drawn(array):
    number = array.shape[0] if array.ndim == 3 else array.shape[-1]
    return min(number, SHOWN if array.ndim == 3 else LONGEST), number


def _side(array):
    """Return the width and height of a picture, or of the strip that all channels make."""
    if array.ndim == 1:
        return ROOM, STRIP
    if array.ndim == 2:
        return ROOM, min(HIGH, STRIP + 4 * len(array))
    width = min(ROOM / _drawn(array)[0], HIGH)
    height = width * array.shape[1] / array.shape[2]
    return (width, height) if height <= HIGH else (width * HIGH / height, HIGH)


def _height(name, kind, array):
    below = 20 if array.ndim == 1 and array.size <= 20 else 0
    return max(_side(array)[1] + below, LINE * len(_label(name, kind, array)), 56) + 16


def _draw(axis, name, array, top, scale, is_last):
    (limits, colours), (width, height) = scale, _side(array)
    drawn, _ = _drawn(array)
    if array.ndim == 3:
        for channel in range(drawn):
            box = LEFT + channel * width, top + 4, width - 4, height - 4
            draw_picture(axis, array[channel], box, limits, f"{name} {channel}", colours=colours)
        return
    strip = (array if array.ndim == 2 else array[None])[:, :drawn]
    box = LEFT, top + 4, width - 4, height
    draw_picture(axis, strip, box, limits, name, array.size <= 12, colours)
    if array.ndim == 1 and drawn <= 20:
        _number_cells(axis, array, top + 4, is_last)


def _number_cells(axis, array, top, is_last):
    cell = (ROOM - 4) / len(array)
    for index in range(len(array)):
        best = is_last and len(array) > 1 and index == array.argmax()
        text = f"{index} largest" if best and cell > 50 else str(index)
        weight = "bold" if best else "normal"
        middle = LEFT + (index + 0.5) * cell
        write(axis, middle, top + STRIP + 4, text, ha="center", fontweight=weight)
        if best:
            place = (LEFT + index * cell, top), cell, STRIP
            axis.add_patch(Rectangle(*place, fill=False, edgecolor="black", linewidth=3))


def _outputs(model, batch):
    """Return (name, type, output) of what can be a picture: numbers made of the one image."""
    from utils.shapes import trace

    outputs = []
    records = trace(model, batch, outputs)
    return [
        (record.name.strip("_"), "" if record.type == "function" else record.type, output)
        for record, output in zip(records, outputs, strict=True)
        if output is not None and output.is_floating_point() and output.shape[:1] == (1,)
    ]
