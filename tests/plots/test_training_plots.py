"""The graph drawn is autograd's, the curves are the history's, and both can be read."""

import gc
import warnings
import weakref
from collections import Counter
from itertools import combinations, pairwise

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from torch import nn
from torch.nn import functional

from tests.plots.test_network_plots import assert_legible, texts
from tests.plots.test_plots import Shown
from utils import plots
from utils.models import CifarNet, FashionNet
from utils.plots import graphs, style

matplotlib.use("agg")


@pytest.fixture
def shown(monkeypatch):
    collected = Shown()
    monkeypatch.setattr(style, "display", collected.display)
    return collected


@pytest.fixture(autouse=True)
def seed_and_no_figure_left():
    torch.manual_seed(0)
    yield
    assert not plt.get_fignums()


# --- plot_graph


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
            if np.isclose(y + graphs.EDGE, points[0, 1])
            and abs(x - points[0, 0]) < text.get_bbox_patch().get_window_extent().width / 2
        ]
        while not (maker := [t for p, t in places.items() if starts_at(p, points[-1])]):
            [points] = [further for further in passing if np.allclose(further[0], points[-1])]
        found.append((maker[0].get_text(), taker.get_text()))
    return found


def starts_at(place, point):
    return np.allclose((place[0], place[1] - graphs.EDGE), point)


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
        *[("x ()", end) for end in ("Add", "Mul", "Mul")],
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
    assert shown.alt == "Graph of 4 nodes, from w () to the result: Mul, Sub, Pow"
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
    assert {"Twice", "CopySlices", "Sum", "x ()"} <= set(texts(shown))


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


# --- plot_history


def history(epochs, seed=0, validation=True):
    rng = np.random.default_rng(seed)
    return [
        {
            "epoch": epoch,
            "train_loss": float(rng.uniform(0.1, 1)),
            "train_accuracy": float(rng.uniform(0.5, 1)),
            "validation_loss": float(rng.uniform(0.1, 1)) if validation else None,
            "validation_accuracy": float(rng.uniform(0.5, 1)) if validation else None,
            "learning_rate": 0.1 / epoch,
            "seconds": 2.5,
        }
        for epoch in range(1, epochs + 1)
    ]


def legend(shown):
    [found] = shown.figures[-1].legends
    return [text.get_text() for text in found.get_texts()]


def column(records, key):
    return [record[key] for record in records]


def test_one_history_is_two_panels_of_two_lines(shown):
    records = history(4)
    plots.plot_history(records, title="A run")
    loss, accuracy = shown.axes
    for axis, key in ((loss, "loss"), (accuracy, "accuracy")):
        training, validation = axis.lines
        assert training.get_xdata().tolist() == [1, 2, 3, 4]
        assert training.get_ydata().tolist() == pytest.approx(column(records, f"train_{key}"))
        assert validation.get_ydata().tolist() == pytest.approx(
            column(records, f"validation_{key}")
        )
        assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")
        assert training.get_markerfacecolor() != validation.get_markerfacecolor() == "white"
    assert (loss.get_xlabel(), loss.get_ylabel()) == ("epoch", "cross-entropy")
    assert (accuracy.get_xlabel(), accuracy.get_ylabel()) == ("epoch", "accuracy")
    assert legend(shown) == ["training", "validation"]
    assert shown.figures[-1].get_suptitle() == "A run"
    assert shown.figures[-1].get_figwidth() == plots.WIDTH
    first, last = records[0]["validation_loss"], records[-1]["validation_loss"]
    assert shown.alt.startswith("A run: training: cross-entropy from ")
    assert f"; validation: cross-entropy from {first:.4g} to {last:.4g}" in shown.alt


def test_without_validation_there_is_one_line(shown):
    plots.plot_history(history(3, validation=False))
    assert [len(axis.lines) for axis in shown.axes] == [1, 1]
    assert legend(shown) == ["training"]
    assert "validation" not in shown.alt


def test_other_keys_are_one_line_each(shown):
    plots.plot_history(history(3), what=["learning_rate", "train_loss"])
    rate, loss = shown.axes
    assert rate.lines[0].get_ydata().tolist() == pytest.approx([0.1, 0.05, 0.1 / 3])
    assert [len(axis.lines) for axis in shown.axes] == [1, 1]
    assert (rate.get_ylabel(), loss.get_ylabel()) == ("learning rate", "train loss")
    assert shown.alt.startswith("Training: learning rate from 0.1 to 0.03333; train loss from")


def test_several_seeds_are_their_mean_in_a_band(shown):
    seeds = [history(3, seed) for seed in range(4)]
    plots.plot_history({"SGD": seeds, "Adam": history(3, 9)}, what=["loss"])
    [axis] = shown.axes
    losses = np.array([column(records, "train_loss") for records in seeds])
    np.testing.assert_allclose(axis.lines[0].get_ydata(), losses.mean(0))
    corners = axis.collections[0].get_paths()[0].vertices
    for epoch in (1, 2, 3):
        at = corners[corners[:, 0] == epoch, 1]
        assert (at.min(), at.max()) == pytest.approx(
            (losses[:, epoch - 1].min(), losses[:, epoch - 1].max())
        )
    assert legend(shown) == [
        "SGD training (4 runs)", "SGD validation (4 runs)", "Adam training", "Adam validation"
    ]  # fmt: skip
    assert f"SGD training (4 runs): cross-entropy from {losses[:, 0].mean():.4g}" in shown.alt


def test_a_seed_that_ended_early_counts_as_far_as_it_goes(shown):
    long, short = history(3, 1), history(2, 2)
    plots.plot_history({"": [short, long]}, what=["loss"])
    found = shown.axes[0].lines[0]
    both = (long[0]["train_loss"] + short[0]["train_loss"]) / 2
    assert found.get_xdata().tolist() == [1, 2, 3]
    assert found.get_ydata()[[0, 2]].tolist() == pytest.approx([both, long[2]["train_loss"]])


def test_any_two_lines_of_seven_runs_differ_without_colour(shown):
    plots.plot_history({f"run {n}": history(2, n) for n in range(7)}, what=["loss"])
    looks = {(line.get_marker(), line.get_linestyle()) for line in shown.axes[0].lines}
    assert len(looks) == 14


@pytest.mark.parametrize("epochs", [1, 2, 5, 30])
def test_epochs_are_whole_numbers_and_each_is_seen(epochs, shown):
    plots.plot_history(history(epochs))
    for axis in shown.axes:
        left, right = axis.get_xlim()
        ticks = [tick for tick in axis.get_xticks() if left <= tick <= right]
        assert ticks and all(tick == round(tick) for tick in ticks)
        for line in axis.lines:
            assert line.get_marker() == "o"
            assert epochs > 20 or line.get_markevery() == 1


NAMES = [
    {"": history(2)},
    {name: [history(2), history(3)] for name in ("one", "two", "six", "ten")},
    {"SGD": [history(2), history(3)], "SGD with momentum and weight decay": history(3)},
    {f"learning rate {0.1 / 3**n:.4f}": history(2, n) for n in range(7)},
    {"nobody would think of this " * 3: []},
]


@pytest.mark.parametrize("runs", NAMES, ids=len)
@pytest.mark.parametrize("what", [["loss"], ["loss", "accuracy", "learning_rate"]], ids=len)
def test_the_legend_is_whole_and_covers_nothing(runs, what, shown):
    runs = {name: given or history(2) for name, given in runs.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plots.plot_history(runs, what=what)
        shown.figures[-1].draw_without_rendering()
    [figure] = shown.figures
    [found] = figure.legends
    frame = found.get_window_extent()
    assert frame.x0 >= 0 and frame.x1 <= figure.bbox.width and frame.y0 >= 0
    areas = [axis.get_tightbbox() for axis in figure.axes]
    assert not any(frame.overlaps(area) for area in areas)
    assert not any(one.overlaps(other) for one, other in combinations(areas, 2))
    assert min(axis.get_window_extent().height for axis in figure.axes) > 100


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("places", [[1], [0, 1, 2, 3]])
def test_losses_that_are_no_numbers_leave_a_gap(value, places, shown):
    records = history(4)
    for place in places:
        records[place]["train_loss"] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plots.plot_history({"": [records, history(4, 1)], "b": records})
        shown.figures[-1].draw_without_rendering()
    low, high = shown.axes[0].get_ylim()
    assert np.isfinite((low, high)).all()


@pytest.mark.parametrize("log", ["", "x", "y", "xy"])
def test_lines_of_one_number_against_another(log, shown):
    steps = [10.0**-n for n in range(1, 9)]
    errors = {"float32": (steps, [s**2 for s in steps]), "float64": (steps, torch.tensor(steps))}
    plots.plot_lines(errors, "Errors", "step size", "error of the slope", log)
    [axis] = shown.axes
    scales = axis.get_xscale(), axis.get_yscale()
    assert scales == tuple("log" if side in log else "linear" for side in "xy")
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("step size", "error of the slope")
    for line, (xs, values) in zip(axis.lines, errors.values(), strict=True):
        assert line.get_xdata().tolist() == xs
        assert line.get_ydata().tolist() == pytest.approx(list(map(float, values)))
    assert legend(shown) == ["float32", "float64"]
    assert shown.alt.startswith("Errors: float32: error of the slope from 0.01 to 1e-16; float64:")


def test_lines_without_xs_are_counted_from_1_and_markers_do_not_hide_them(shown):
    plots.plot_lines({"a run": [1 / n for n in range(1, 301)]}, "Loss by step", "step", "loss")
    [axis] = shown.axes
    assert axis.lines[0].get_xdata().tolist() == list(range(1, 301))
    assert 10 < len(axis.lines[0].get_xdata()[:: axis.lines[0].get_markevery()]) <= 20
    assert axis.get_ylabel() == "loss"
    assert shown.figures[-1].get_suptitle() == "Loss by step"


@pytest.mark.parametrize("curves", [{}, {"a": []}, {"a": ([1, 2], [1])}], ids=str)
def test_lines_without_numbers_are_refused(curves, shown):
    with pytest.raises(ValueError, match=r"there is no record|shorter"):
        plots.plot_lines(curves, "None", "step", "loss")
    assert not shown.figures


REFUSED_HISTORIES = {
    "no epoch": ([], {}, "no record has 'epoch': there is no record"),
    "no history": ({}, {}, "there is no record"),
    "an empty one by name": ({"a": []}, {}, "there is no record"),
    "empty ones of several seeds": ({"a": [[], []]}, {}, "there is no record"),
    "an unknown key": (
        history(1), {"what": ["speed"]}, "no record has 'speed': .*train_loss.*seconds"
    ),
    "never validated": (
        history(2, validation=False), {"what": ["validation_loss"]}, "no record has 'validation_l"
    ),
    "an unknown x": (history(1), {"x": "step"}, "no record has 'step': there is epoch,"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED_HISTORIES)
def test_histories_without_what_is_to_be_drawn_are_refused(case, shown):
    given, options, message = REFUSED_HISTORIES[case]
    with pytest.raises(ValueError, match=message):
        plots.plot_history(given, **options)
    assert not shown.figures
