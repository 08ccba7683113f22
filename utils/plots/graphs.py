"""The graph that autograd keeps of a computation, from the leaves to the result."""

import numpy as np

from utils.plots.blocks import canvas, length, write
from utils.plots.style import BLUE, GREEN, WIDTH, show

# In dots: from layer to layer, from a box's middle to where arrows end, between two boxes
MOST_NODES, LAYER, EDGE, GAP = 60, 62, 16, 16
LEGEND = "Top: the result. Round: operations. Square: leaves and shapes. backward() goes downwards."


def plot_graph(tensor, names=None):
    """Show the operations that `tensor` was computed with, and the leaves they started from.

    `tensor`: of any shape, with a grad_fn. `names`: {name: leaf}, or a module, whose parameters'
    names are taken. The leaves are below, the result is on top. Each time that a result is taken
    is an arrow: x * x has two from x. What needs no gradient is not in the graph. The graph is
    only read.

    Raises ValueError for a tensor without a graph, for more than 60 nodes, and for more of them
    beside each other than the page is wide.
    """
    depths = _depths(tensor)
    named = names.named_parameters() if hasattr(names, "parameters") else (names or {}).items()
    known = {id(leaf): name for name, leaf in named}
    texts = {node: _text(node, known) for node in sorted(depths, key=depths.get, reverse=True)}
    widths = {node: length(text) + 14 for node, text in texts.items()}
    inputs, sides = _layout(depths, widths)
    axis = canvas(LAYER * max(depths.values()) + 95)
    for item, makers in inputs.items():
        y = LAYER * depths[item] + 65
        edge, look = (EDGE, "k-^") if item in texts else (-EDGE, "k-")
        for place, maker in enumerate(makers, 1):
            x = sides[item] + widths.get(item, 0) * (place / (len(makers) + 1) - 0.5)
            ends = y + edge, y + EDGE, y + LAYER - EDGE
            axis.plot((x, x, sides[maker]), ends, look, lw=1, ms=5, markevery=[0])
        if item in texts:
            colour, style = (BLUE, "round") if makers else (GREEN, "square")
            look = {"boxstyle": f"{style},pad=0.5", "fc": (colour, 0.1), "ec": colour, "lw": 2}
            write(axis, sides[item], y, texts[item], ha="center", va="center", bbox=look)
    write(axis, 50 * WIDTH, 12, LEGEND, ha="center")
    leaves = ", ".join(text for node, text in texts.items() if not inputs[node])
    done = ", ".join(text for node, text in texts.items() if inputs[node])
    show(axis.figure, f"Graph of {len(texts)} nodes, from {leaves} to the result: {done}")


def _depths(tensor):
    """Return {node: the number of arrows on its longest way to the result}, the result first."""
    if tensor.grad_fn is None:
        why = "is a leaf" if tensor.requires_grad else "requires no gradient"
        what = "computed from a tensor with requires_grad=True, and not under no_grad"
        raise ValueError(f"tensor {why}, so that it has no graph: pass a result {what}")
    depths, waiting = {}, [(tensor.grad_fn, 0)]
    for node, depth in waiting:  # which grows meanwhile
        if depth > depths.get(node, -1):
            depths[node] = depth
            waiting += [(maker, depth + 1) for maker, _ in node.next_functions if maker]
    if len(depths) > MOST_NODES:
        raise ValueError(f"{len(depths)} nodes are more than {MOST_NODES}: pass a smaller part")
    return depths


def _text(node, names):
    if hasattr(node, "variable"):
        return f"{names.get(id(node.variable), 'leaf')} {tuple(node.variable.shape)}"
    return node.name().split("::")[-1].rstrip("0123456789").removesuffix("Backward")


def _layout(depths, widths):
    """Return {item: those it takes from} and {item: x}; add the new items to `depths`.

    An arrow that passes a layer has an item of its own there, so that it crosses no box. Within
    its layer each item is as near to its takers as can be without an overlap.
    """
    inputs = {node: [maker for maker, _ in node.next_functions if maker] for node in depths}
    for node in [*inputs]:
        for place, maker in enumerate(inputs[node]):
            for depth in range(depths[maker] - 1, depths[node], -1):
                inputs[node, place, depth], depths[node, place, depth] = [maker], depth
                maker = inputs[node][place] = node, place, depth
    sides = {}

    def wish(item):
        above = [sides[t] + n for t in sides for n, maker in enumerate(inputs[t]) if maker == item]
        return np.mean(above or 50 * WIDTH)

    for depth in range(max(depths.values()) + 1):
        order = sorted((item for item in inputs if depths[item] == depth), key=wish)
        rooms = np.array([widths.get(item, 0) + GAP for item in order])
        if rooms.sum() > 100 * WIDTH:
            raise ValueError(f"{len(order)} nodes do not fit side by side: pass a smaller part")
        x = rooms.cumsum() - rooms / 2
        weights = [len(inputs[item]) + 0.3 for item in order]
        shift = np.average([wish(item) for item in order] - x, weights=weights)
        sides |= zip(order, x + np.clip(shift, 0, 100 * WIDTH - rooms.sum()), strict=True)
    return inputs, sides
