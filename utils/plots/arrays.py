"""Small tensors as cells with their numbers: what indexing, broadcasting and joining do."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb

from utils.plots.style import BLUE, GREEN, ORANGE, RED, WIDTH, show

MOST_CELLS = 14  # along one side; more numbers than that cannot be read
COLOURS = BLUE, ORANGE, GREEN, RED


def as_array(values, name, axes):
    """Return `values` as a NumPy array; ValueError unless it has as many axes as `axes` allows."""
    array = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
    if array.dtype.kind not in "buif" or array.ndim not in axes or array.size == 0:
        wanted = " or ".join(map(str, axes))
        raise ValueError(f"{name} must hold numbers along {wanted} axes, "
                         f"got {array.dtype} of shape {array.shape}")  # fmt: skip
    if max(array.shape, default=1) > MOST_CELLS:
        raise ValueError(f"{name} has shape {array.shape}; with more than {MOST_CELLS} cells "
                         "on a side the numbers cannot be read: take a slice")  # fmt: skip
    return array


def blank(width, height):
    """Return (figure, axis) for a drawing of `width` × `height` cells, y counted downwards."""
    inches = min(0.6, WIDTH / width)
    figure, axis = plt.subplots(figsize=(round(width * inches, 2), round(height * inches, 2)))
    axis.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    axis.axis("off")
    return figure, axis


def draw_cells(axis, array, left, top, colour, ghosts=None, layer=1):
    """Draw a 2-D array's numbers in cells; `ghosts` is True where a cell is only stretched."""
    tint = [1 - 0.2 * (1 - part) for part in to_rgb(colour)]
    for (row, column), value in np.ndenumerate(array):
        ghost = ghosts is not None and ghosts[row, column]
        look = {"facecolor": "white", "hatch": "///"} if ghost else {"facecolor": tint}
        cell = plt.Rectangle((left + column, top + row), 1, 1, edgecolor=colour, **look)
        axis.add_patch(cell).set_zorder(layer)
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1} if ghost else None
        place = (left + column + 0.5, top + row + 0.5)
        look = {"ha": "center", "va": "center", "bbox": box, "zorder": layer + 0.5}
        axis.text(*place, f"{value:g}", **look)


def plot_numbers(image, rows, columns):
    """Show an image with a part framed, and beside it that part with its numbers laid over it.

    `image`: (H, W), numbers from 0 (black) to 255 (white); `rows`, `columns`: (first, end) as in
    a slice, at most 14 of each. Raises ValueError for a part that is not inside the image.
    """
    whole = np.asarray(image)
    if whole.ndim != 2:
        raise ValueError(f"image must have shape (H, W), got {whole.shape}: take one of them")
    for name, (first, end), length in zip(
        ("rows", "columns"), (rows, columns), whole.shape, strict=True
    ):
        if not 0 <= first < end <= length:
            raise ValueError(f"{name} {first} to {end} are not inside 0 to {length}")
    part = as_array(whole[slice(*rows), slice(*columns)], "the part", (2,))
    figure, axes = plt.subplots(
        1, 2, figsize=(WIDTH, 3.6), width_ratios=(1, part.shape[1] / part.shape[0])
    )
    for axis, picture in zip(axes, (whole, part), strict=True):
        axis.imshow(picture, vmin=0, vmax=255)
    corner, (height, width) = (columns[0] - 0.5, rows[0] - 0.5), part.shape
    frame = plt.Rectangle(corner, width, height, fill=False, edgecolor=ORANGE, linewidth=3)
    axes[0].add_patch(frame).set_clip_on(False)
    for (row, column), value in np.ndenumerate(part):
        colour = "black" if value > 127 else "white"
        axes[1].text(column, row, f"{value}", ha="center", va="center", color=colour, fontsize=9)
    axes[1].set_xticks(range(width), range(*columns))
    axes[1].set_yticks(range(height), range(*rows))
    for axis, title in zip(axes, ("The picture", "The framed part, and its numbers"), strict=True):
        axis.set(title=title, xlabel="column", ylabel="row")
    show(figure, f"A picture with rows {rows[0]} to {rows[1] - 1} and columns {columns[0]} to "
                 f"{columns[1] - 1} framed. Beside it that part, enlarged, with a number on each "
                 f"pixel, from {part.min()} (darkest) to {part.max()} (brightest).")  # fmt: skip


def plot_broadcast(a, b):
    """Show `a + b` cell by cell; hatched cells are those that broadcasting only imagines.

    `a`, `b`: numbers along one or two axes, with shapes that can be broadcast together.
    """
    arrays = [as_array(values, name, (1, 2)) for name, values in (("a", a), ("b", b))]
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError:
        shapes = " and ".join(str(array.shape) for array in arrays)
        raise ValueError(
            f"shapes {shapes} do not broadcast: aligned at the right, each pair of lengths "
            "must be equal, or one of them 1"
        ) from None
    height, width = (1, *shape)[-2:]
    figure, axis = blank(3 * width + 4.2, height + 2.5)
    title = " and ".join(str(array.shape) for array in arrays) + f" are added as {shape}"
    axis.text(0.1, 0.5, title, fontweight="bold")
    total = arrays[0] + arrays[1]
    for place, (array, colour) in enumerate(zip((*arrays, total), COLOURS, strict=False)):
        left = 0.1 + place * (width + 2)
        flat = np.atleast_2d(array)
        ghosts = np.ones((height, width), bool)
        ghosts[: flat.shape[0], : flat.shape[1]] = False
        draw_cells(axis, np.broadcast_to(flat, (height, width)), left, 1.7, colour, ghosts)
        label = f"{'ab'[place]}: {array.shape}" if place < 2 else f"a + b: {array.shape}"
        axis.text(left + width / 2, 1.4, label, ha="center", color=colour)
        if place:
            sign = "+="[place - 1]
            axis.text(left - 1, 1.7 + height / 2, sign, ha="center", va="center", fontsize=20)
    axis.text(0.1, height + 2.3, "hatched: not in memory, the same number read again", fontsize=10)
    show(figure, f"Broadcasting {arrays[0].shape} and {arrays[1].shape} to {total.shape}: "
                 f"{arrays[0].tolist()} and {arrays[1].tolist()}, both stretched to "
                 f"{height} rows of {width}, give {total.tolist()}.")  # fmt: skip


def plot_stack_and_cat(parts):
    """Show grids of one shape, and what `stack` and `cat` make of them.

    `parts`: two to four tensors or lists of shape (rows, columns).
    """
    arrays = [as_array(part, f"parts[{n}]", (2,)) for n, part in enumerate(parts)]
    if not 2 <= len(arrays) <= len(COLOURS) or len({array.shape for array in arrays}) > 1:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ValueError(f"parts must be 2 to 4 grids of the same shape, got {shapes}")
    count, (height, width) = len(arrays), arrays[0].shape
    depth = count - 1
    figure, axis = blank(3 * width + depth + 4.2, count * (height + 0.5) + 1.2)
    lefts = 0.1, width + 2.1, 2 * width + depth + 4.1
    titles = "parts", "stack: a new axis", "cat: one axis grows"
    shapes = f"{count} of {(height, width)}", (count, height, width), (count * height, width)
    for left, title, shape in zip(lefts, titles, shapes, strict=True):
        axis.text(left, 0.5, title, fontweight="bold")
        axis.text(left, 1.1, f"{shape}")
    for n, (array, colour) in enumerate(zip(arrays, COLOURS, strict=False)):
        draw_cells(axis, array, lefts[0], 1.5 + n * (height + 0.5), colour)
        draw_cells(axis, array, lefts[1] + n, 1.5 + depth - n, colour, layer=count - n)
        draw_cells(axis, array, lefts[2], 1.5 + n * height, colour)
    show(figure, f"{count} grids of shape {(height, width)}. Stacked, they lie one behind the "
                 f"other, with shape {(count, height, width)}; joined by cat, one below the "
                 f"other, with shape {(count * height, width)}.")  # fmt: skip
