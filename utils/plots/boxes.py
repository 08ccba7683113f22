"""A network with branches: a box for each tensor, and arrows to those that are made of it."""

from typing import NamedTuple

from utils.plots.blocks import LINE, canvas, length, wrapped, write
from utils.plots.layers import draw_lines, layout
from utils.plots.style import BLUE, GREEN, GREY, ORANGE

TIMES = "\N{MULTIPLICATION SIGN}"
TOP, ROW, ROOM = 92, 44, 300  # in dots: of the first row, from row to row, for a box's names


class Block(NamedTuple):
    """A tensor's sizes without batch, and the layers that made it or kept its shape."""

    shape: tuple
    names: list
    kinds: list
    parameters: list


def draw_boxes(blocks, sources, notes):
    """Return the axis of a new figure with the boxes, and the picture in words."""
    depths, below = {}, {place: [] for place in range(len(blocks))}
    for place, found in enumerate(sources):
        depths[place] = max((depths[source] + 1 for source in found), default=0)
        for source in found:
            below[source].append(place)
    texts = {place: _text(block) for place, block in enumerate(blocks)}
    widths = {place: length(text) + 18 for place, text in texts.items()}
    lines, sides = layout(below, depths, widths)
    low = TOP + ROW * (max(depths.values()) + 1)
    axis = canvas(low + LINE * len(notes))
    draw_lines(axis, lines, sides, depths, widths, (TOP, ROW), up=False)
    for place, text in texts.items():
        colour = colour_of(blocks[place])
        look = {"boxstyle": "round,pad=0.4", "fc": (colour, 0.15), "ec": "black", "lw": 1}
        y = TOP + ROW * depths[place]
        write(axis, sides[place], y, text, ha="center", va="center", bbox=look)
    for row, note in enumerate(notes):
        write(axis, 12, low - 8 + LINE * row, note)
    names = [" + ".join(short(block)) for block in blocks]
    words = [
        f"{text} from {' and '.join(names[source] for source in found)}" if found else text
        for text, found in zip(texts.values(), sources, strict=True)
    ]
    return axis, "; ".join(words)


def _text(block):
    """Return a box's line: names, sizes, parameters."""
    parts = [wrapped(" + ".join(short(block)), ROOM, "normal")[0]]
    if len(wrapped(" + ".join(short(block)), ROOM, "normal")) > 1:
        parts[0] += " …"
    parts.append(TIMES.join(f"{size:,}" for size in block.shape))
    if number := sum(number for _, number in block.parameters):
        parts.append(count(number))
    elif block.parameters:
        parts.append("parameters as before")
    return "    ".join(parts)


def short(block):
    """Return the names, those after the first without what they share with it."""
    names, first = block.names[:1], block.names[0].split(".")
    for name in block.names[1:]:
        parts, shared = name.split("."), 0
        while shared < min(len(parts), len(first)) - 1 and parts[shared] == first[shared]:
            shared += 1
        names.append(".".join(parts[shared:]))
    return names


def count(number):
    return f"{number:,} parameter{'s' * (number != 1)}"


def colour_of(block):
    kind = " ".join([*block.kinds, *block.names])[:30].lower()
    kinds = {"input": "white", "conv": BLUE, "pool": ORANGE, "linear": GREEN}
    return next((colour for word, colour in kinds.items() if word in kind), GREY)
