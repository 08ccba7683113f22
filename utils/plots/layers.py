"""Boxes in layers, and lines from each to those below it, which cross no box."""

import numpy as np

from utils.plots.style import WIDTH

EDGE, GAP = 16, 16  # in dots: from a box's middle to where lines end, and between two boxes


def layout(below, depths, widths):
    """Return {item: those below it} with bends added, and {item: x}; add the bends to `depths`.

    `below`: {box: boxes}, `depths`: {box: its layer, the top one 0}, `widths`: {box: dots}. A line
    that passes a layer has an item of its own there, so that it crosses no box. Within its layer
    each item is as near to those above it as can be without an overlap. Raises ValueError for
    more boxes beside each other than the page is wide.
    """
    below = {item: [*under] for item, under in below.items()}
    for item in [*below]:
        for place, under in enumerate(below[item]):
            for depth in range(depths[under] - 1, depths[item], -1):
                below[item, place, depth], depths[item, place, depth] = [under], depth
                under = below[item][place] = item, place, depth
    sides = {}

    def wish(item):
        above = [sides[t] + n for t in sides for n, under in enumerate(below[t]) if under == item]
        return np.mean(above or 50 * WIDTH)

    for depth in range(max(depths.values()) + 1):
        order = sorted((item for item in below if depths[item] == depth), key=wish)
        rooms = np.array([widths.get(item, 0) + GAP for item in order])
        if rooms.sum() > 100 * WIDTH:
            raise ValueError(f"{len(order)} nodes do not fit side by side: pass a smaller part")
        x = rooms.cumsum() - rooms / 2
        weights = [len(below[item]) + 0.3 for item in order]
        shift = np.average([wish(item) for item in order] - x, weights=weights)
        sides |= zip(order, x + np.clip(shift, 0, 100 * WIDTH - rooms.sum()), strict=True)
    return below, sides


def draw_lines(axis, below, sides, depths, widths, rows, up):
    """Draw every line, with its head at the upper box if `up`, else at the lower one.

    `rows`: the height of the first layer's middle, and the distance between two, in dots.
    """
    for item, unders in below.items():
        y = rows[0] + rows[1] * depths[item]
        for place, under in enumerate(unders, 1):
            x = sides[item] + widths.get(item, 0) * (place / (len(unders) + 1) - 0.5)
            start = y + (EDGE if item in widths else -EDGE)
            head = "k-^" if up and item in widths else "k-v" if not up and under in widths else "k-"
            ends = start, y + EDGE, y + rows[1] - EDGE
            where = [0] if up else [2]
            axis.plot((x, x, sides[under]), ends, head, lw=1, ms=5, markevery=where)
