"""How a batch comes about: from the dataset through sampler, workers and collate function."""

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.style import BLUE, GREEN, GREY, ORANGE, WIDTH, show

MOST, SIDE = 4, 0.8  # pictures that can be drawn, and their side


def plot_pipeline(pictures, order):
    """Show how a loader makes one batch of `pictures` in the given `order`.

    `pictures`: 2 to 4 of (height, width), the dataset; `order`: their indices, as a sampler
    would give them. Raises ValueError for more pictures, and for an order that is none of theirs.
    """
    pictures, order = np.asarray(pictures), [int(index) for index in order]
    if pictures.ndim != 3 or not 2 <= len(pictures) <= MOST:
        raise ValueError(f"pictures have shape {pictures.shape}, expected 2 to {MOST} of (height, "
                         "width)")  # fmt: skip
    if not order or not set(order) <= set(range(len(pictures))) or len(order) > MOST:
        raise ValueError(f"order is {order}, expected up to {MOST} indices from 0 to "
                         f"{len(pictures) - 1}")  # fmt: skip
    figure, axis = plt.subplots(figsize=(WIDTH, 3.5))
    axis.set(xlim=(0, 9.5), ylim=(4.2, 0), aspect="equal")
    axis.axis("off")
    heads = [("dataset", "len, [i]", GREY), ("sampler", "which index next?", ORANGE),
             ("workers", "fetch, transform", BLUE), ("collate", "join samples", GREEN),
             ("batch", "", GREY)]  # fmt: skip
    for (name, words, colour), left in zip(heads, (0.1, 2.1, 4.1, 6.3, 7.9), strict=True):
        axis.text(left, 0.25, name, fontweight="bold", color=colour)
        axis.text(left, 0.6, words, fontsize=9, color=GREY)
    for place, picture in enumerate(pictures):
        _picture(axis, picture, 0.35, 0.8 + place * SIDE)
        axis.text(0.25, 0.8 + (place + 0.5) * SIDE, place, ha="right", va="center", fontsize=10)
    for row, index in enumerate(order):
        middle = 0.8 + (row + 0.5) * SIDE
        _box(axis, (2.35, middle - 0.25), str(index), ORANGE)
        _picture(axis, pictures[index], 4.35, middle - SIDE / 2)
        for start, end in ((2.95, 4.25), (5.2, 6.3)):
            _arrow(axis, (start, middle), (end, middle if end < 6 else 0.8 + 2 * SIDE))
        _picture(axis, pictures[index], 7.95 + 0.22 * row, 1.35 + 0.3 * row)
    _box(axis, (6.35, 0.55 + 2 * SIDE), "stack", GREEN, 0.8)
    _arrow(axis, (7.2, 0.8 + 2 * SIDE), (7.85, 0.8 + 2 * SIDE))
    shape = (len(order), 1, *pictures.shape[1:])
    axis.text(7.95, 3.6, f"{shape}", fontsize=9)
    show(figure, f"From left to right: a dataset of {len(pictures)} pictures; the sampler gives "
                 f"the indices {order}; workers fetch and transform these samples; the collate "
                 f"function stacks them; the batch has shape {shape}.")  # fmt: skip


def _picture(axis, picture, left, top):
    axis.imshow(picture, extent=(left, left + SIDE - 0.08, top + SIDE - 0.08, top), zorder=2)


def _box(axis, corner, words, colour, width=0.5):
    axis.add_patch(plt.Rectangle(corner, width, 0.5, facecolor="white", edgecolor=colour))
    axis.text(corner[0] + width / 2, corner[1] + 0.25, words, ha="center", va="center", fontsize=10)


def _arrow(axis, start, end):
    axis.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": GREY})
