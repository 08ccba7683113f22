"""Tensors as memory holds them: one row of numbers, walked through in steps."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.arrays import COLOURS, as_array, blank, draw_cells
from utils.plots.style import BLUE, GREY, ORANGE, show

MOST_NUMBERS = 16  # in one row of memory


def numbers_in_memory(tensor):
    """Return what a tensor's storage holds, as a flat array; ValueError for more than 16."""
    count = tensor.untyped_storage().nbytes() // tensor.element_size()
    if not 1 <= count <= MOST_NUMBERS:
        raise ValueError(
            f"its memory holds {count} numbers; 1 to {MOST_NUMBERS} can be drawn: use a smaller "
            "tensor, or clone() the part that you want to see"
        )
    return tensor.detach().as_strided((count,), (1,), 0).cpu().numpy()


def places_in_memory(tensor):
    """Return, for each number of a tensor, its place in memory, in the tensor's shape."""
    places = np.full(tuple(tensor.shape), tensor.storage_offset())
    for axis, (length, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        steps = np.arange(length) * stride
        places += steps.reshape(-1, *[1] * (tensor.ndim - axis - 1))
    return places


def plot_strides(tensor, index):
    """Show how the strides lead to `tensor[index]`: as a grid, and as jumps along its memory.

    `tensor`: (rows, columns), at most 16 numbers in memory; `index`: (row, column).
    """
    grid = as_array(tensor, "tensor", (2,))
    row, column = index
    if not (0 <= row < grid.shape[0] and 0 <= column < grid.shape[1]):
        raise ValueError(f"index {index} is outside the shape {grid.shape}")
    memory, start = numbers_in_memory(tensor), tensor.storage_offset()
    down, right = tensor.stride()
    place = start + row * down + column * right
    width, below = max(len(memory), grid.shape[1] + 8) + 0.2, grid.shape[0] + 2.7
    figure, axis = blank(width, below + 1.5)
    axis.text(0.1, 0.5, f"shape {grid.shape}, strides {(down, right)}", fontweight="bold")
    words = f"from place {start}:\n{row} down, {row} × {down} = {row * down}\n"
    words += f"{column} right, {column} × {right} = {column * right}\n"
    words += f"index [{row}, {column}] is place {place}"
    axis.text(grid.shape[1] + 0.6, 1, words, va="top", linespacing=1.6)
    draw_cells(axis, grid, 0.1, 0.8, BLUE)
    draw_cells(axis, memory[None], 0.1, below, BLUE)
    axis.text(0.1, below + 1.4, "place", fontsize=9, color=GREY)
    for number in range(len(memory)):
        axis.text(number + 0.95, below + 0.92, f"{number}", ha="right", fontsize=8, color=GREY)
    _jumps(axis, [(0.6, 1.3 + n) for n in range(row + 1)], "", 0)
    _jumps(axis, [(0.6 + n, 1.3 + row) for n in range(column + 1)], "", 0)
    first = [(start + n * down + 0.6, below) for n in range(row + 1)]
    second = [(start + row * down + n * right + 0.6, below) for n in range(column + 1)]
    _jumps(axis, first, f"{down:+}", -0.45)
    _jumps(axis, second, f"{right:+}", -0.45)
    for corner in ((0.1 + column, 0.8 + row), (place + 0.1, below)):
        frame = {"fill": False, "edgecolor": ORANGE, "linewidth": 3, "zorder": 4}
        axis.add_patch(plt.Rectangle(corner, 1, 1, **frame))
    show(figure, f"A grid of shape {grid.shape} above its {len(memory)} numbers in memory. From "
                 f"place {start}, {row} jumps of {down} and {column} of {right} lead to place "
                 f"{place}, which holds {memory[place]}.")  # fmt: skip


def _jumps(axis, points, label, bend):
    """Draw an arrow from each point to the next, with the label above it."""
    edge = 1 if bend else 9  # points; in the grid the numbers stay free
    for (x, y), (to, low) in pairwise(points):
        look = {"arrowstyle": "-|>", "color": ORANGE, "linewidth": 2}
        look |= {"connectionstyle": f"arc3,rad={bend}", "shrinkA": edge, "shrinkB": edge}
        axis.annotate("", (to, low), (x, y), arrowprops=look, zorder=5)
        height = 0.5 * abs(bend) * abs(to - x) + 0.15
        axis.text((x + to) / 2, y - height, label, ha="center", va="bottom", color=ORANGE)


def plot_sharing(tensors):
    """Show which numbers in memory each tensor uses; those that share stand over one memory.

    `tensors`: {name: tensor}, at most four, of at most 16 numbers in memory each.
    """
    if not isinstance(tensors, dict) or not 1 <= len(tensors) <= len(COLOURS):
        raise ValueError(f"tensors must be a dict of 1 to {len(COLOURS)} tensors by name")
    memories = {}
    for name, tensor in tensors.items():
        memories.setdefault(tensor.untyped_storage().data_ptr(), []).append(name)
    margin = 0.4 + 0.19 * max(map(len, [*tensors, "memory"]))
    rows = {name: numbers_in_memory(tensor) for name, tensor in tensors.items()}
    width = margin + max(map(len, rows.values())) + 0.1
    figure, axis = blank(width, len(tensors) * 0.8 + len(memories) * 1.5 + 0.5)
    said = [
        f"{' and '.join(names)} share one memory" if len(names) > 1 else f"{names[0]} has its own"
        for names in memories.values()
    ]
    axis.text(0, 0.5, "; ".join(said), fontweight="bold")
    top, colours = 0.8, dict(zip(tensors, COLOURS, strict=False))
    for names in memories.values():
        for name in names:
            axis.text(0, top + 0.45, name, va="center", color=colours[name], fontweight="bold")
            for place in np.unique(places_in_memory(tensors[name])):
                corner = margin + place + 0.06, top + 0.15
                axis.add_patch(plt.Rectangle(corner, 0.88, 0.5, facecolor=colours[name]))
            top += 0.8
        axis.text(0, top + 0.5, "memory", va="center")
        draw_cells(axis, rows[names[0]][None], margin, top, "black")
        top += 1.5
    show(figure, f"Which numbers in memory each tensor uses: {'; '.join(said)}.")
