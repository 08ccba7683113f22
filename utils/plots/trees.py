"""The tree that a model is: modules hold modules, and in the end tensors."""

from itertools import count

from utils.plots.blocks import canvas, length, write
from utils.plots.boxes import TIMES
from utils.plots.style import BLUE, GREEN, ORANGE, WIDTH, show

TOP, ROW, LEFT, GAP = 62, 31, 20, 34  # in dots: of the first row, from row to row; of boxes
LOOKS = {
    "module": ("round", BLUE, "-"),
    "parameter": ("square", GREEN, "-"),
    "buffer": ("square", ORANGE, "--"),
}


def plot_tree(model):
    """Show, from the model on the left, its modules, and the parameters and buffers they hold.

    What is a plain attribute of a module is not in the tree. Raises ValueError for more than 45
    tensors and empty modules, and for more levels than the page is wide.
    """
    rows = count()
    boxes, height = _tree(model, "", 0, rows), next(rows)
    levels = 1 + max(depth for _, _, depth, *_ in boxes)
    step = (100 * WIDTH - LEFT) / levels
    if height > 45 or max(length(text) for _, text, *_ in boxes) + GAP > step:
        raise ValueError(f"{height} rows and {levels} levels do not fit: pass a part of the model")
    axis = canvas(TOP + ROW * height)
    for x, kind in zip((0, 1, 2), LOOKS, strict=True):
        _write_box(axis, LEFT + x * 110, 20, kind, kind)
    for kind, text, depth, row, held in boxes:
        x, y = LEFT + step * depth, TOP + ROW * row
        for other in held:
            start, end, low = x + length(text) + 8, x + step - 8, TOP + ROW * other
            ends = (start, end - 18, end - 18, end), (y, y, low, low)
            axis.plot(*ends, color="black", linewidth=1, linestyle="-")
        _write_box(axis, x, y, text, kind)
    words = [f"level {depth}: {kind} {' '.join(text.split())}" for kind, text, depth, *_ in boxes]
    show(axis.figure, f"Tree of modules, parameters and buffers: {'; '.join(words)}")


def _tree(module, name, depth, rows):
    """Return boxes (kind, text, level, row, the rows of what it holds), the module's own first."""
    boxes, held = [], []
    for kind in ("parameter", "buffer"):
        for own, tensor in getattr(module, f"named_{kind}s")(recurse=False):
            held.append(next(rows))
            text = f"{own}  {TIMES.join(map(str, tensor.shape))}".rstrip()
            boxes.append((kind, text, depth + 1, held[-1], []))
    for own, part in module.named_children():
        inner = _tree(part, own, depth + 1, rows)
        held.append(inner[0][3])
        boxes += inner
    row = (held[0] + held[-1]) / 2 if held else next(rows)
    text = f"{name}  {type(module).__name__}".lstrip()
    return [("module", text, depth, row, held), *boxes]


def _write_box(axis, x, y, text, kind):
    style, colour, line = LOOKS[kind]
    look = {"boxstyle": f"{style},pad=0.35", "fc": (colour, 0.12), "ec": colour}
    write(axis, x, y, text, va="center", bbox=look | {"lw": 1.5, "ls": line})
