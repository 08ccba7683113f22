"""Networks as the tensors they make: a chain as blocks to scale, branches as boxes in layers."""

from math import ceil

from utils.plots.blocks import (
    LINE,
    arrow,
    canvas,
    draw,
    draw_scale,
    extent,
    scale_of,
    scale_room,
    too_small,
    wrapped,
    write,
)
from utils.plots.boxes import TIMES, colour_of, count, draw_boxes, short
from utils.plots.style import WIDTH, show

ACROSS = 5


def plot_model(model, x, title=None):
    """Show the tensors a model makes from `x`, with layers, sizes and parameters.

    `x`: what the model takes, see `utils.shapes.trace`, with a batch axis, which is not drawn:
    (N, C, H, W), (N, C, L) or (N, features), and so every layer's output. A model in which each
    layer takes the output of the one before is drawn as blocks to scale; one with branches,
    joins or several inputs as boxes, with an arrow for each tensor that goes from one to another.
    A layer that keeps the shape and has no weights, or normalises, is named with the one before.
    `title`: instead of the model's class.

    The model stays as it was. Raises what the model raises, TypeError if it is none, ValueError
    without a batch axis, for outputs of more axes, for more than 100 blocks, and for more boxes
    side by side than the page is wide.
    """
    from utils.plots.passes import blocks_of  # torch takes a second, which figures can do without

    blocks, sources, notes = blocks_of(model, x)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    title, total = title or type(model).__name__, f"{count(parameters)} in all"
    chain = all(found == [place - 1] for place, found in enumerate(sources) if place)
    drawn = _draw_chain if chain else draw_boxes
    axis, words = drawn(blocks, sources, notes)
    write(axis, 12, 12, title, fontsize=13, fontweight="bold")
    write(axis, 12, 37, total)
    show(axis.figure, f"{title}: {words}; {total}")


def _draw_chain(blocks, _, notes):
    columns = ceil(len(blocks) / ceil(len(blocks) / ACROSS))
    lines = [blocks[start : start + columns] for start in range(0, len(blocks), columns)]
    labels = [[_label(block, 100 * WIDTH / columns - 14) for block in line] for line in lines]
    scale, top = scale_of([block.shape for block in blocks]), 76
    highs = [max(extent(block.shape, scale)[1] for block in line) for line in lines]
    lows = [LINE * max(map(len, texts)) + 44 for texts in labels]
    notes = notes + too_small([block.shape for block in blocks], scale)
    axis = canvas(top + sum(highs) + sum(lows) + scale_room(scale) + LINE * len(notes) + 12)
    for row, (line, texts) in enumerate(zip(lines, labels, strict=True)):
        ends = row > 0, row < len(lines) - 1
        _draw_row(axis, line, scale, 100 * WIDTH / columns, top + highs[row] / 2, ends)
        _write_row(axis, texts, 100 * WIDTH / columns, top + highs[row] + 10)
        top += highs[row] + lows[row]
    draw_scale(axis, scale, top, all(len(block.shape) < 3 for block in blocks))
    for row, note in enumerate(notes):
        write(axis, 12, top + scale_room(scale) + LINE * row, note)
    words = (f"{' + '.join(short(b))} {TIMES.join(map(str, b.shape))}" for b in blocks)
    return axis, " → ".join(words)


def _label(block, room):
    """Return the lines under a block, each with its weight of font."""
    names = wrapped(" + ".join(short(block)), room, "bold")
    kinds = wrapped(" + ".join(block.kinds), room, "normal") if block.kinds else []
    plain = [*kinds, f" {TIMES} ".join(f"{size:,}" for size in block.shape)]
    own = [(kind, number) for kind, number in block.parameters if number]
    if own:
        plain.append(count(sum(number for _, number in own)))
    if len(own) > 1:
        rest = [f"{number:,} in {kind}" for kind, number in own[1:]]
        plain += wrapped(f"({', '.join(rest)})", room, "normal")
    if len(own) < len(block.parameters):
        plain.append("parameters as before")
    return [(line, "bold") for line in names] + [(line, "normal") for line in plain]


def _draw_row(axis, line, scale, cell, middle, ends):
    """Draw blocks beside each other; `ends`: whether it goes on from above, and below."""
    right = 4 if ends[0] else None
    for column, block in enumerate(line):
        centre, half = (column + 0.5) * cell, extent(block.shape, scale)[0] / 2
        arrow(axis, right, centre - half, middle)
        draw(axis, block.shape, scale, (centre, middle), colour_of(block), " + ".join(block.names))
        right = centre + half
    arrow(axis, right if ends[1] else None, 100 * WIDTH - 4, middle)


def _write_row(axis, labels, cell, top):
    for column, label in enumerate(labels):
        for row, (text, weight) in enumerate(label):
            at = (column + 0.5) * cell, top + LINE * row
            write(axis, *at, text, ha="center", fontweight=weight)
