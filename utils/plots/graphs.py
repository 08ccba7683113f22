"""The graph that autograd keeps of a computation, from the leaves to the result."""

from utils.plots.blocks import canvas, length, write
from utils.plots.layers import draw_lines, layout
from utils.plots.style import BLUE, GREEN, WIDTH, show

MOST_NODES, LAYER, TOP = 60, 62, 65  # in dots: from layer to layer, and to the first of them
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
    makers = {node: [maker for maker, _ in node.next_functions if maker] for node in depths}
    inputs, sides = layout(makers, depths, widths)
    axis = canvas(LAYER * max(depths.values()) + TOP + 30)
    draw_lines(axis, inputs, sides, depths, widths, (TOP, LAYER), up=True)
    for node, text in texts.items():
        colour, style = (BLUE, "round") if inputs[node] else (GREEN, "square")
        look = {"boxstyle": f"{style},pad=0.5", "fc": (colour, 0.1), "ec": colour, "lw": 2}
        y = TOP + LAYER * depths[node]
        write(axis, sides[node], y, text, ha="center", va="center", bbox=look)
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
