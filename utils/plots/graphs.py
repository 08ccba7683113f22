"""The graph that autograd keeps of a computation, from the leaves to the result."""

from utils.plots.blocks import canvas, length, write
from utils.plots.layers import draw_lines, layout
from utils.plots.style import BLUE, GREEN, WIDTH, show

MOST_NODES, LAYER, TOP = 60, 62, 65  # in dots: from layer to layer, and to the first of them
LEGEND = "Top: the result. Round: operations. Square: leaves and shapes. backward() goes downwards."
NUMBERS = (
    "Square: leaves. Round: operations. × on an arrow: its local derivative, for the way down."
)


def plot_graph(tensor, names=None, derivatives=False):
    """Show the operations that `tensor` was computed with, and the leaves they started from.

    `tensor`: of any shape, with a grad_fn. `names`: {name: leaf or result}, or a module, whose
    parameters' names are taken. The leaves are below, the result is on top. Each time that a
    result is taken is an arrow: x * x has two from x. What needs no gradient is not in the graph.
    The graph is only read. `derivatives`: write onto each arrow by how much the upper number
    changes with the lower one, for single numbers, before `backward` has emptied the graph.

    Raises ValueError for a tensor without a graph, for more than 60 nodes, for more of them
    beside each other than the page is wide, and for derivatives of several numbers.
    """
    depths = _depths(tensor)
    named = names.named_parameters() if hasattr(names, "parameters") else (names or {}).items()
    known = {t.grad_fn or id(t): _valued(name, t.detach()) for name, t in named}
    texts = {node: _text(node, known) for node in sorted(depths, key=depths.get, reverse=True)}
    slopes = {node: _local(node, tensor) for node in depths} if derivatives else {}
    widths = {node: length(text) + 14 for node, text in texts.items()}
    makers = {node: [maker for maker, _ in node.next_functions if maker] for node in depths}
    rooms = {node: width + 80 * derivatives for node, width in widths.items()}
    inputs, sides = layout(makers, depths, rooms)
    step = LAYER + 24 * derivatives
    axis = canvas(step * max(depths.values()) + TOP + 30)
    draw_lines(axis, inputs, sides, depths, widths, (TOP, step), up=True)
    for node, factors in slopes.items():
        for place, (factor, below) in enumerate(zip(factors, inputs[node], strict=True), 1):
            start = sides[node] + widths[node] * (place / (len(factors) + 1) - 0.5)
            left = place < len(factors)  # the last one stands to the right of its arrow
            x = 0.75 * start + 0.25 * sides[below] + (-6 if left else 6)
            look = {"ha": "right" if left else "left", "va": "center"}
            look["bbox"] = {"boxstyle": "square,pad=0", "fc": "white", "lw": 0}
            text = f"× {factor:.4g}".replace("-", "\N{MINUS SIGN}")
            write(axis, x, TOP + step * (depths[node] + 0.34), text, **look)
    for node, text in texts.items():
        colour, style = (BLUE, "round") if inputs[node] else (GREEN, "square")
        look = {"boxstyle": f"{style},pad=0.5", "fc": (colour, 0.1), "ec": colour, "lw": 2}
        y = TOP + step * depths[node]
        write(axis, sides[node], y, text, ha="center", va="center", bbox=look)
    write(axis, 50 * WIDTH, 12, NUMBERS if derivatives else LEGEND, ha="center")
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
        return names.get(id(node.variable)) or _valued("leaf", node.variable.detach())
    operation = node.name().split("::")[-1].rstrip("0123456789").removesuffix("Backward")
    return f"{operation}: {names[node]}" if node in names else operation


def _valued(name, tensor):
    """Return a name with the value of a single number, or with the shape of several."""
    if tensor.ndim:
        return f"{name} {tuple(tensor.shape)}"
    return f"{name} = {tensor.item():.4g}".replace("-", "\N{MINUS SIGN}")


def _local(node, tensor):
    """Return a node's derivatives by each of what it was computed from, asked of the node alone."""
    if hasattr(node, "variable"):
        return []
    given = [g for g in _listed(node(tensor.detach() * 0 + 1)) if g is not None]
    if any(one.ndim for one in given):
        raise ValueError("derivatives are written for single numbers: pass a result without axes")
    return [one.item() for one in given]


def _listed(given):
    return given if isinstance(given, tuple) else [given]
