"""The graph drawn is autograd's, and it can be read."""

import gc
import weakref
from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from torch import nn
from torch.nn import functional

from tests.plots.seen import assert_legible, texts
from utils import plots
from utils.models import CifarNet, FashionNet
from utils.plots import layers, style


def number(value):
    return torch.tensor(value, requires_grad=True)


def square():
    w, x, y = number(1.0), torch.tensor(2.0), torch.tensor(3.0)
    return (w * x - y) ** 2, {"w": w, "x": x}


def diamond():
    x = number(2.0)
    return x * x + x, {"x": x}


def mlp():
    model = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))
    return functional.cross_entropy(model(torch.rand(2, 4)), torch.tensor([0, 2])), model


def fashion():
    model = FashionNet()
    return functional.cross_entropy(model(torch.rand(2, 1, 28, 28)), torch.tensor([0, 2])), model


def cifar():
    model = CifarNet()
    return functional.cross_entropy(model(torch.rand(2, 3, 32, 32)), torch.tensor([0, 2])), model


def recurrent():
    state, u, v = torch.zeros(1, 4), nn.Parameter(torch.rand(4, 4)), nn.Parameter(torch.rand(3, 4))
    for _ in range(4):
        state = torch.tanh(state @ u + torch.rand(1, 3) @ v)
    return state.sum(), {"u": u, "v": v}


def residual():
    layer, x = nn.Conv2d(3, 3, 3, padding=1), torch.rand(1, 3, 4, 4)
    for _ in range(3):
        x = x + layer(x.relu())
    return x.mean(), layer


def convolutions():
    steps = [part for _ in range(9) for part in (nn.Conv2d(16, 16, 3, padding=1), nn.ReLU())]
    layers = nn.Sequential(*steps)
    return layers(torch.rand(1, 16, 4, 4)).sum(), layers


def nameless():
    return torch.stack([number([1.0, 2.0]) for _ in range(6)]), None


TREES = (square, diamond, mlp, fashion, cifar, convolutions, nameless)
GRAPHS = (*TREES, recurrent, residual)


def walked(tensor):
    """The graph by recursion: each node once, and each arrow as (maker, taker)."""
    nodes, arrows = [], []

    def visit(node):
        if node in nodes:
            return
        nodes.append(node)
        for maker, _ in node.next_functions:
            if maker is not None:
                arrows.append((maker, node))
                visit(maker)

    visit(tensor.grad_fn)
    return nodes, arrows


def expected(node, names):
    """What is to stand in a node's box."""
    if node.name() != "torch::autograd::AccumulateGrad":
        return node.name().split("Backward")[0]
    named = dict(names.named_parameters()) if isinstance(names, nn.Module) else names or {}
    name = [name for name, tensor in named.items() if tensor is node.variable] or ["leaf"]
    if node.variable.ndim == 0:
        return f"{name[0]} = {node.variable.item():g}"
    return f"{name[0]} {tuple(node.variable.shape)}"


def boxes(shown):
    shown.figures[-1].draw_without_rendering()  # which fits the boxes around their texts
    return [text for text in shown.axes[0].texts if text.get_bbox_patch()]


def arrows_drawn(shown):
    """Each arrow as (maker's text, taker's text), found by following the lines."""
    places = {text.get_position(): text for text in boxes(shown)}
    lines = [(line, np.transpose(line.get_data())) for line in shown.axes[0].lines]
    heads = [points for line, points in lines if line.get_marker() == "^"]
    passing = [points for line, points in lines if line.get_marker() != "^"]
    found = []
    for points in heads:
        [taker] = [
            text
            for (x, y), text in places.items()
            if np.isclose(y + layers.EDGE, points[0, 1])
            and abs(x - points[0, 0]) < text.get_bbox_patch().get_window_extent().width / 2
        ]
        while not (maker := [t for p, t in places.items() if starts_at(p, points[-1])]):
            [points] = [further for further in passing if np.allclose(further[0], points[-1])]
        found.append((maker[0].get_text(), taker.get_text()))
    return found


def starts_at(place, point):
    return np.allclose((place[0], place[1] - layers.EDGE), point)


@pytest.mark.parametrize("make", GRAPHS)
def test_the_graph_is_autograd_s(make, shown):
    """Every node has one box, and every arrow runs from a maker to a taker."""
    result, names = make()
    plots.plot_graph(result, names)
    nodes, arrows = walked(result)
    said = {node: expected(node, names) for node in nodes}
    assert Counter(text.get_text() for text in boxes(shown)) == Counter(said.values())
    drawn = Counter(arrows_drawn(shown))
    assert drawn == Counter((said[maker], said[taker]) for maker, taker in arrows)


@pytest.mark.parametrize("make", GRAPHS)
def test_a_graph_can_be_read(make, shown):
    plots.plot_graph(*make())
    assert_legible(shown)
    [axis] = shown.axes
    frames = [text.get_bbox_patch().get_window_extent() for text in boxes(shown)]
    for text, frame in zip(boxes(shown), frames, strict=True):
        inside = text.get_window_extent()
        assert frame.x0 < inside.x0 and inside.x1 < frame.x1
        assert frame.x0 >= 0 and frame.x1 <= axis.figure.bbox.width
    assert not any(one.overlaps(other) for one, other in combinations(frames, 2))
    along = np.linspace(0, 1, 50)[:, None, None]
    for line in axis.lines:
        points = axis.transData.transform(np.transpose(line.get_data()))
        dense = (points[:-1] * (1 - along) + points[1:] * along).reshape(-1, 2)
        for frame in frames:
            assert not frame.padded(-2).count_contains(dense)


def crosses(one, other):
    """Whether two segments cross between their ends."""

    def side(a, b, c):
        return np.sign(round((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]), 6))

    (a, b), (c, d) = one, other
    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


@pytest.mark.parametrize("make", TREES)
def test_arrows_do_not_cross_where_they_need_not(make, shown):
    plots.plot_graph(*make())
    lines = [line.get_xydata() for line in shown.axes[0].lines]
    segments = [pair for line in lines for pair in pairwise(line)]
    assert not any(crosses(one, other) for one, other in combinations(segments, 2))


def test_results_lie_above_what_they_are_computed_from(shown):
    plots.plot_graph(*fashion())
    for line in shown.axes[0].lines:
        assert (np.diff(line.get_ydata()) >= 0).all()  # downwards, against the arrow
    heights = {text.get_text(): text.get_position()[1] for text in boxes(shown)}
    assert heights["NllLoss"] == min(heights.values())
    assert heights["conv1.weight (6, 1, 5, 5)"] == max(heights.values())
    assert heights["out.bias (10,)"] < heights["fc2.bias (60,)"] < heights["fc1.bias (120,)"]


def test_what_is_alone_in_its_layer_is_right_below_its_taker(shown):
    plots.plot_graph(*mlp())
    *_, lowest = sorted((text.get_position() for text in boxes(shown)), key=lambda place: place[1])
    [line] = [line for line in shown.axes[0].lines if starts_at(lowest, line.get_xydata()[-1])]
    assert np.ptp(line.get_xdata()) == pytest.approx(0)


def test_what_is_taken_twice_has_two_arrows(shown):
    plots.plot_graph(*diamond())
    assert sorted(arrows_drawn(shown)) == [
        ("Mul", "Add"),
        *[("x = 2", end) for end in ("Add", "Mul", "Mul")],
    ]
    tips = [tuple(line.get_xydata()[0]) for line in shown.axes[0].lines if line.get_marker() == "^"]
    assert len(set(tips)) == 4


def test_leaves_differ_from_operations_by_more_than_their_colour(shown):
    plots.plot_graph(*mlp())
    looks = {}
    for text in boxes(shown):
        patch = text.get_bbox_patch()
        kind = "leaf" if "(" in text.get_text() else "operation"
        look = type(patch.get_boxstyle()).__name__, to_hex(patch.get_edgecolor())
        looks.setdefault(kind, set()).add(look)
    assert looks == {
        "leaf": {("Square", style.GREEN.lower())}, "operation": {("Round", style.BLUE.lower())}
    }  # fmt: skip
    [said] = [text for text in texts(shown) if "backward()" in text]
    assert "Top: the result. Round: operations. Square: leaves" in said


def test_the_alternative_text_goes_with_the_computation(shown):
    plots.plot_graph(*square())
    assert shown.alt == "Graph of 4 nodes, from w = 1 to the result: Mul, Sub, Pow"
    plots.plot_graph(*mlp())
    assert shown.alt.startswith("Graph of 11 nodes, from 0.weight (5, 4), 0.bias (5,), 2.weight (3")
    assert shown.alt.endswith(" Addmm, LogSoftmax, NllLoss")


class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


def test_functions_of_one_s_own_and_writing_into_a_tensor(shown):
    x, row = number(1.0), torch.zeros(3)
    row[0] = Twice.apply(x)
    plots.plot_graph(row.sum(), {"x": x})
    assert {"Twice", "CopySlices", "Sum", "x = 1"} <= set(texts(shown))


def test_the_graph_is_only_read_and_not_kept(shown):
    w = number(3.0)
    loss = (w * 2) ** 2
    plots.plot_graph(loss, {"w": w})
    assert w.grad is None and not w._backward_hooks and not loss._backward_hooks
    loss.backward()
    assert w.grad == 24
    plots.plot_graph(loss, {"w": w})  # it can be drawn after backward, too
    remembered = weakref.ref(w)
    del w, loss
    gc.collect()
    assert remembered() is None


def chain(count):
    x = number(1.0)
    for _ in range(count):
        x = x.sin()
    return x


def many_leaves(count):
    return torch.stack([number([1.0, 2.0, 3.0]) for _ in range(count)])


def without_gradients():
    with torch.no_grad():
        return number(1.0) * 2


def chained():
    x = number(-3.0)
    double = x * 2
    inner, outer = double.sin(), double * x
    loss = inner * outer + x
    return loss, {"x": x, "double": double, "inner": inner, "outer": outer, "loss": loss}


def labelled_arrows(shown):
    """Each arrow as (its lower end, the number beside it, its upper end), by places."""
    places = {text.get_position(): text.get_text() for text in boxes(shown)}
    labels = [text for text in shown.axes[0].texts if text.get_text().startswith("×")]
    labels.sort(key=lambda text: (text.get_position()[1], text.get_position()[0]))
    lines = [line for line in shown.axes[0].lines if line.get_marker() == "^"]
    heads = sorted((line.get_xydata() for line in lines), key=lambda p: (p[0, 1], p[0, 0]))
    passing = [line.get_xydata() for line in shown.axes[0].lines if line.get_marker() != "^"]
    for text, points in zip(labels, heads, strict=True):
        level = [place for place in places if np.isclose(place[1] + layers.EDGE, points[0, 1])]
        taker = min(level, key=lambda place: abs(place[0] - points[0, 0]))
        end = points[-1]
        while not (makers := [place for place in places if starts_at(place, end)]):
            [end] = [further[-1] for further in passing if np.allclose(further[0], end)]
        factor = float(text.get_text()[2:].replace("\N{MINUS SIGN}", "-"))
        yield makers[0], factor, taker


@pytest.mark.parametrize("make", [square, diamond, chained])
def test_local_derivatives_stand_on_their_arrows(make, shown):
    """Multiplied along each path and added over the paths they are autograd's gradient."""
    result, names = make()
    plots.plot_graph(result, names, derivatives=True)
    assert_legible(shown)
    arrived = {}
    arrows = sorted(labelled_arrows(shown), key=lambda arrow: arrow[2][1])
    for maker, factor, taker in arrows:  # from the top down
        arrived[maker] = arrived.get(maker, 0) + factor * arrived.get(taker, 1)
    assert len(arrows) == len(walked(result)[1])
    result.backward()
    [leaf] = [tensor for tensor in names.values() if tensor.is_leaf and tensor.requires_grad]
    lowest = max(arrived, key=lambda place: place[1])
    assert arrived[lowest] == pytest.approx(leaf.grad.item(), rel=1e-3)


def test_results_that_are_named_show_their_values(shown):
    plots.plot_graph(*chained())
    assert {"x = \N{MINUS SIGN}3", "Mul: double = \N{MINUS SIGN}6", "Mul: outer = 18"} <= set(
        texts(shown)
    )
    row = number([1.0, 2.0]) * 2
    plots.plot_graph(row.sum(), {"row": row})
    assert "Mul: row (2,)" in [text.get_text() for text in boxes(shown)]


def test_derivatives_of_several_numbers_are_refused(shown):
    with pytest.raises(ValueError, match="single numbers: pass a result without axes"):
        plots.plot_graph((number([1.0, 2.0]) * 2).sum(), derivatives=True)
    assert not shown.figures


REFUSED = {
    "a leaf": (lambda: number(1.0), r"is a leaf.*pass a result"),
    "data": (lambda: torch.zeros(3) * 2, "requires no gradient.*requires_grad=True"),
    "no_grad": (without_gradients, "requires no gradient.*not under no_grad"),
    "detached": (lambda: (number(1.0) * 2).detach(), "requires no gradient"),
    "too long": (lambda: chain(60), "61 nodes are more than 60: pass a smaller part"),
    "too wide": (lambda: many_leaves(20), "20 nodes do not fit side by side: pass a smaller part"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_graph_to_look_at_is_refused(case, shown):
    make, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        plots.plot_graph(make())
    assert not shown.figures


def test_sixty_nodes_can_be_drawn(shown):
    plots.plot_graph(chain(59))
    assert len(boxes(shown)) == 60
