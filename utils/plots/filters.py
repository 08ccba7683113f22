"""A convolution's weights as pictures."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize

from utils.plots.blocks import SIZE, canvas, write
from utils.plots.style import BLUE, ORANGE, show

MOST_FILTERS, MOST_ACROSS, MOST_DOWN = 200, 16, 24
SIGNED = LinearSegmentedColormap.from_list("signed", [BLUE, "white", ORANGE])
LEFT, ROOM = 90, 740  # dots: where pictures begin, and how wide they are together
MINUS, TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"


def plot_filters(weight, title=None, as_colours=False):
    """Show a convolution's weights on one scale around 0, as numbers too if few and small.

    `weight`: (out, in, height, width), as in layer.weight. A row is an output channel, a column
    an input channel; with one input channel it is a grid. `as_colours`: with 3 input channels,
    one picture in colours an output channel, grey where the weights are 0.

    Raises TypeError or ValueError for anything else, for NaN, and for more than can be seen.
    """
    array = _as_filters(weight, as_colours)
    pictures, names = _pictures(array, as_colours)
    is_grid = len(names) == len(array)
    columns = min(len(names), 3 if len(names) <= 9 else 10) if is_grid else array.shape[1]
    rows = -(-len(names) // columns)
    most = 230 if len(names) <= 9 else 74 if is_grid else min(120, 850 / rows)
    ratio = array.shape[2] / array.shape[3]
    width = min(ROOM / columns, most, most / ratio)
    height, top, peak = width * ratio, 88, max(float(np.abs(array).max()), 1e-12)
    step = height + 24 * is_grid
    size = TIMES.join(map(str, array.shape))
    words = f"{size} weights from {short(array.min())} to {short(array.max())}"
    axis = canvas(top + max(rows * step, 160) + 12)
    write(axis, 12, 12, title or "Filters", fontsize=13, fontweight="bold")
    write(axis, 12, 36, words)
    for place, (picture, name) in enumerate(zip(pictures, names, strict=True)):
        row, column = divmod(place, columns)
        box = LEFT + column * width, top + row * step, width - 5, height - 5
        draw_picture(axis, picture, box, (-peak, peak), name, len(names) <= 9)
        if is_grid:
            write(axis, box[0] + box[2] / 2, top + row * step + height - 2, name, ha="center")
    if not is_grid:
        _name_edges(axis, array.shape, (width, height, top))
    right = LEFT + columns * width + 15
    if as_colours:
        write(axis, right, top, "grey is 0\n\nmore of\nred: in 0\ngreen: in 1\nblue: in 2")
    else:
        draw_bar(axis, (right, top, 14, 140), (-peak, peak), SIGNED)
    how = "colours, grey is 0" if as_colours else "blue below 0, white 0, orange above"
    show(axis.figure, f"{title or 'Filters'}: {words}, as {len(names)} pictures; {how}")


def _as_filters(weight, as_colours):
    if not hasattr(weight, "shape") or not hasattr(weight, "dtype"):
        raise TypeError(
            f"weight must be a tensor, got {type(weight).__name__}: pass layer.weight, not layer"
        )
    array = as_numbers(weight, "weight")
    if array.ndim != 4 or array.size == 0:
        raise ValueError(f"weight has shape {array.shape}; expected (out, in, height, width)")
    if as_colours and array.shape[1] != 3:
        raise ValueError(
            f"as_colours needs 3 input channels, weight {array.shape} has {array.shape[1]}: "
            "leave as_colours out"
        )
    down, across = array.shape[0], 1 if as_colours else array.shape[1]
    if down * across > MOST_FILTERS or across > MOST_ACROSS or (across > 1 and down > MOST_DOWN):
        raise ValueError(
            f"{down}{TIMES}{across} filters are too many to see; at most {MOST_FILTERS}, "
            f"{MOST_ACROSS} across, {MOST_DOWN} down: pass a slice, as in weight[:8, :8]"
        )
    return array


def as_numbers(tensor, name):
    """Return a tensor as an array of floats; raise ValueError for NaN and infinity in it."""
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu()
        tensor = tensor.double() if tensor.is_floating_point() else tensor
    array = np.asarray(tensor)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold numbers, got {array.dtype}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite values, which have no colour")
    return array.astype(float)


def _pictures(array, as_colours):
    """Return the pictures row by row, and what they are called."""
    if as_colours:
        half = 2 * max(np.abs(array).max(), 1e-12)
        names = [f"filter {index}" for index in range(len(array))]
        return list(array.transpose(0, 2, 3, 1) / half + 0.5), names
    places = list(np.ndindex(array.shape[:2]))
    names = [f"filter {i}" if array.shape[1] == 1 else f"filter {i}, in {j}" for i, j in places]
    return [array[place] for place in places], names


def _name_edges(axis, shape, sizes):
    width, height, top = sizes
    for column in range(shape[1]):
        write(axis, LEFT + (column + 0.5) * width - 3, top - 20, f"in {column}", ha="center")
    for row in range(shape[0]):
        middle = top + (row + 0.5) * height - 3
        write(axis, LEFT - 8, middle, f"filter {row}", ha="right", va="center")


def short(value):
    """Return a number in three digits, its minus as wide as a plus."""
    return f"{value:.3g}".replace("-", MINUS)


def draw_picture(axis, picture, box, limits, name, numbered=False, colours=SIGNED):
    """Draw (H, W) or (H, W, 3) into `box`: left, top, width, height in dots; `name`: its gid."""
    left, top, width, height = box
    place = {"extent": (left, left + width, top + height, top), "aspect": "auto"}
    limits = dict(zip(("vmin", "vmax"), limits, strict=True))
    axis.imshow(picture, cmap=colours, gid=name, **place, **limits)
    look = {"fill": False, "edgecolor": "black", "linewidth": 0.6}
    axis.add_patch(plt.Rectangle((left, top), width, height, **look))
    across, down = width / picture.shape[1], height / picture.shape[0]
    if not numbered or picture.ndim > 2 or across < 42 or down < 15:
        return
    scale = Normalize(**limits)
    for (row, column), value in np.ndenumerate(picture):
        red, green, blue, _ = (part**2.2 for part in colours(scale(value)))
        light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18
        middle = left + (column + 0.5) * across, top + (row + 0.5) * down
        text = f"{value:z.2f}" if abs(value) < 10 else f"{value:.3g}"
        style = {"ha": "center", "va": "center", "fontsize": SIZE - 0.5}
        write(axis, *middle, text.replace("-", MINUS), color="black" if light else "white", **style)


def draw_bar(axis, box, limits, colours):
    """Draw a scale of colours into `box`, its ends and 0 named at its right."""
    left, top, width, height = box
    low, high = limits
    steps = np.linspace(high, low, 101)[:, None]
    ends = limits if low < high else (low, low + 1)
    draw_picture(axis, steps, box, ends, "scale", colours=colours)
    for value in dict.fromkeys((high, 0, low)):
        y = top + height * (high - value) / ((high - low) or 1)
        if value in limits or (top + 15 < y < top + height - 15 and low < value < high):
            axis.plot((left + width, left + width + 4), (y, y), color="black", lw=1, ls="-")
            write(axis, left + width + 8, y, short(value), va="center")
