"""Networks as the tensors they make, in the order of execution."""

from math import ceil
from typing import NamedTuple

from utils.plots.blocks import (
    LINE,
    arrow,
    canvas,
    draw,
    draw_scale,
    extent,
    scale_of,
    too_small,
    wrapped,
    write,
)
from utils.plots.style import BLUE, GREEN, GREY, ORANGE, WIDTH, show

MOST_BLOCKS, ACROSS, TIMES = 100, 5, "\N{MULTIPLICATION SIGN}"
# A weight enters here, even one that was counted before or that belongs to no layer.
WEIGHING = ("conv", "linear", "bilinear", "matmul", "mm", "bmm", "addmm", "einsum", "embedding")
JOINING = {"add", "iadd", "radd", "cat", "concat", "stack"}


class Block(NamedTuple):
    """A tensor's sizes without batch, and the layers that made it or kept its shape."""

    shape: tuple
    names: list
    kinds: list
    parameters: list


def plot_model(model, x, title=None):
    """Show the tensors a model makes from `x` as blocks to scale, with layers and parameters.

    `x`: a tensor, or the tuple of the model's inputs, with a batch axis, which is not drawn:
    (N, C, H, W), (N, C, L) or (N, features), and so every layer's output. A layer that keeps
    the shape and has no weights, or normalises, is named at the block before it.
    `title`: instead of the model's class.

    The model stays as it was, see `utils.shapes.trace`. Raises what the model raises, TypeError
    if it is none, ValueError for outputs of more axes, and for more than 100 blocks.
    """
    from utils.shapes import trace

    blocks = _blocks(x, trace(model, x))
    parameters = sum(parameter.numel() for parameter in model.parameters())
    title, total = title or type(model).__name__, f"{_count(parameters)} in all"
    columns = ceil(len(blocks) / ceil(len(blocks) / ACROSS))
    lines = [blocks[start : start + columns] for start in range(0, len(blocks), columns)]
    labels = [[_label(block, 100 * WIDTH / columns - 14) for block in line] for line in lines]
    scale, top = scale_of([block.shape for block in blocks]), 76
    highs = [max(extent(block.shape, scale)[1] for block in line) for line in lines]
    lows = [LINE * max(map(len, texts)) + 44 for texts in labels]
    notes = _notes(blocks, parameters) + too_small([block.shape for block in blocks], scale)
    axis = canvas(top + sum(highs) + sum(lows) + LINE * len(notes) + 50)
    write(axis, 12, 12, title, fontsize=13, fontweight="bold")
    write(axis, 12, 37, total)
    for row, (line, texts) in enumerate(zip(lines, labels, strict=True)):
        ends = row > 0, row < len(lines) - 1
        _draw_row(axis, line, scale, 100 * WIDTH / columns, top + highs[row] / 2, ends)
        _write_row(axis, texts, 100 * WIDTH / columns, top + highs[row] + 10)
        top += highs[row] + lows[row]
    draw_scale(axis, scale, top, all(len(block.shape) < 3 for block in blocks))
    for row, note in enumerate(notes):
        write(axis, 12, top + 38 + LINE * row, note)
    chain = " → ".join(f"{' + '.join(_short(b))} {TIMES.join(map(str, b.shape))}" for b in blocks)
    show(axis.figure, f"{title}: {chain}; {total}")


def _blocks(x, records):
    inputs = x if isinstance(x, tuple) else (x,)
    blocks, seen = [], set()
    for index, tensor in enumerate(inputs):
        name = "input" if len(inputs) == 1 else f"input {index}"
        blocks.append(Block(_sizes(tensor.shape, name), [name], [], []))
    for name, kind, shape, parameters in records:
        name, is_layer = name.strip("_"), kind != "function"
        sizes = blocks[-1].shape if shape is None else _sizes(shape, name)
        first = len(blocks) == len(inputs)
        if first or sizes != blocks[-1].shape or _weighs(kind if is_layer else name, parameters):
            blocks.append(Block(sizes, [], [], []))
        blocks[-1].names.append(name)
        blocks[-1].kinds.extend([kind] * is_layer)
        if parameters or (is_layer and name in seen):
            blocks[-1].parameters.append((kind, parameters))
            seen.add(name)
    if len(blocks) > MOST_BLOCKS:
        raise ValueError(
            f"{len(blocks)} blocks are too many to read, at most {MOST_BLOCKS}: draw a part, "
            "as in plot_model(model.layer1, x)"
        )
    return blocks


def _sizes(shape, name):
    if len(shape) > 4:
        raise ValueError(
            f"{name} has shape {tuple(shape)}; blocks are drawn for (N, C, H, W), (N, C, L) and "
            "(N, features): print utils.shapes.trace(model, x) instead"
        )
    return tuple(shape[1:]) or (1,)


def _weighs(kind, parameters):
    return kind.lower().startswith(WEIGHING) or (parameters > 0 and "Norm" not in kind)


def _short(block):
    """Return the names, those after the first without what they share with it."""
    names, first = block.names[:1], block.names[0].split(".")
    for name in block.names[1:]:
        parts, shared = name.split("."), 0
        while shared < min(len(parts), len(first)) - 1 and parts[shared] == first[shared]:
            shared += 1
        names.append(".".join(parts[shared:]))
    return names


def _label(block, room):
    """Return the lines under a block, each with its weight of font."""
    names = wrapped(" + ".join(_short(block)), room, "bold")
    kinds = wrapped(" + ".join(block.kinds), room, "normal") if block.kinds else []
    plain = [*kinds, f" {TIMES} ".join(f"{size:,}" for size in block.shape)]
    own = [(kind, number) for kind, number in block.parameters if number]
    if own:
        plain.append(_count(sum(number for _, number in own)))
    if len(own) > 1:
        rest = [f"{number:,} in {kind}" for kind, number in own[1:]]
        plain += wrapped(f"({', '.join(rest)})", room, "normal")
    if len(own) < len(block.parameters):
        plain.append("parameters as before")
    return [(line, "bold") for line in names] + [(line, "normal") for line in plain]


def _count(number):
    return f"{number:,} parameter{'s' * (number != 1)}"


def _notes(blocks, total):
    """Return what the picture cannot show by itself."""
    joins = dict.fromkeys(name for b in blocks for name in b.names if name in JOINING)
    notes = []
    if joins:
        notes += [
            "Arrows show the order of execution. Where it says "
            f"“{'” or “'.join(joins)}”, the output of an earlier block may join in,",
            "and a block may start from an earlier one than the arrow says.",
        ]
    outside = total - sum(number for block in blocks for _, number in block.parameters)
    if outside:
        notes.append(f"{_count(outside)} of all belong to no layer that was called.")
    return notes


def _colour(block):
    kind = " ".join([*block.kinds, *block.names])[:30].lower()
    kinds = {"input": "white", "conv": BLUE, "pool": ORANGE, "linear": GREEN}
    return next((colour for word, colour in kinds.items() if word in kind), GREY)


def _draw_row(axis, line, scale, cell, middle, ends):
    """Draw blocks beside each other; `ends`: whether it goes on from above, and below."""
    right = 4 if ends[0] else None
    for column, block in enumerate(line):
        centre, half = (column + 0.5) * cell, extent(block.shape, scale)[0] / 2
        arrow(axis, right, centre - half, middle)
        draw(axis, block.shape, scale, (centre, middle), _colour(block), " + ".join(block.names))
        right = centre + half
    arrow(axis, right if ends[1] else None, 100 * WIDTH - 4, middle)


def _write_row(axis, labels, cell, top):
    for column, label in enumerate(labels):
        for row, (text, weight) in enumerate(label):
            at = (column + 0.5) * cell, top + LINE * row
            write(axis, *at, text, ha="center", fontweight=weight)
