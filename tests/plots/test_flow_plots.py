"""Networks with branches: the arrows are where tensors went, followed by hand here."""

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional

from tests.plots.seen import assert_legible, texts
from tests.plots.test_graph_plots import boxes
from utils import plots
from utils.plots import layers
from utils.plots.passes import blocks_of


def edges(model, x):
    """Pairs of the blocks' names, from whom to whom."""
    blocks, sources, _ = blocks_of(model, x)
    names = [" + ".join(block.names) for block in blocks]
    return [(names[s], names[place]) for place, found in enumerate(sources) for s in found]


class Model(nn.Module):
    """A function of itself and its inputs as its pass."""

    def __init__(self, run, **parts):
        super().__init__()
        self.run = run
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *inputs, **named):
        return self.run(self, *inputs, **named)


def linear(**sizes):
    return {name: nn.Linear(4, size) for name, size in sizes.items()}


X, Y = torch.randn(2, 4), torch.randn(2, 4)


def in_place(m, x):
    h = m.a(x)
    h += m.b(x)
    return m.c(h)


def through_a_view(m, x):
    h = m.a(x)
    h[:, :2].add_(m.b(x))
    return m.c(h)


def by_assignment(m, x):
    h = torch.zeros(2, 4)
    h[:, :2] = m.b(x)
    return m.c(h)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * x


FLOWS = {
    "two heads": (
        Model(lambda m, x: (m.a(h := m.body(x).relu()), m.b(h)), **linear(body=4, a=3, b=2)),
        X,
        [("input", "body + relu"), ("body + relu", "a"), ("body + relu", "b")],
    ),
    "two inputs": (
        Model(lambda m, x, y: m.c(m.a(x) + m.b(y)), **linear(a=4, b=4, c=1)),
        (X, Y),
        [("input 0", "a"), ("input 1", "b"), ("a", "add"), ("b", "add"), ("add", "c")],
    ),
    "inputs by name": (
        Model(lambda m, left, right: m.a(left) * right, **linear(a=4)),
        {"right": Y, "left": X},
        [("input left", "a"), ("input right", "mul"), ("a", "mul")],
    ),
    "residual sum": (
        Model(lambda m, x: m.b((x + m.a(x).relu()).relu()), **linear(a=4, b=1)),
        X,
        [("input", "a + relu"), ("input", "add + relu"), ("a + relu", "add + relu"),
         ("add + relu", "b")],
    ),
    "a sum with what came before the relu": (
        Model(lambda m, x: (h := m.a(x)) + h.relu(), **linear(a=4)),
        X,
        [("input", "a"), ("a", "relu"), ("a", "add"), ("relu", "add")],
    ),
    "a siamese pair": (
        Model(lambda m, x, y: m.b((m.a(x) - m.a(y)).abs()), **linear(a=4, b=1)),
        (X, Y),
        [("input 0", "a"), ("input 1", "a"), ("a", "sub + abs"), ("a", "sub + abs"),
         ("sub + abs", "b")],
    ),
    "cat": (
        Model(lambda m, x: torch.cat([m.a(x), m.b(x), x], 1), **linear(a=4, b=4)),
        X,
        [("input", "a"), ("input", "b"), ("input", "cat"), ("a", "cat"), ("b", "cat")],
    ),
    "in place": (
        Model(in_place, **linear(a=4, b=4, c=1)),
        X,
        [("input", "a"), ("input", "b"), ("a", "add"), ("b", "add"), ("add", "c")],
    ),
    "a relu in place": (
        Model(lambda m, x: m.b(m.act(m.a(x))), **linear(a=4, b=1), act=nn.ReLU(inplace=True)),
        X,
        [("input", "a + act"), ("a + act", "b")],
    ),
    "through a view": (
        Model(through_a_view, **linear(a=4, b=2, c=1)),
        X,
        [("input", "a"), ("a", "getitem"), ("input", "b"), ("getitem", "add"), ("b", "add"),
         ("a", "c"), ("add", "c")],
    ),
    "by assignment": (
        Model(by_assignment, **linear(b=2, c=1)),
        X,
        [("input", "b"), ("b", "c")],
    ),
    "functions": (
        Model(lambda m, x: functional.linear(functional.linear(x, m.a.weight) + x, m.a.weight),
              **linear(a=4)),
        X,
        [("input", "linear"), ("input", "add"), ("linear", "add"), ("add", "linear")],
    ),
    "an LSTM's state": (
        Model(lambda m, x, h, c: m.out(m.lstm(m.a(x), (h, c))[1][0][0]), **linear(a=4),
              lstm=nn.LSTM(4, 4), out=nn.Linear(4, 2)),
        (torch.randn(3, 2, 4), torch.zeros(1, 2, 4), torch.zeros(1, 2, 4)),
        [("input 0", "a"), ("input 1", "lstm"), ("input 2", "lstm"), ("a", "lstm"),
         ("lstm", "getitem"), ("getitem", "out")],
    ),
    "attention, by name": (
        Model(lambda m, x: m.att(query=m.a(x), key=x, value=x)[0], **linear(a=4),
              att=nn.MultiheadAttention(4, 2)),
        torch.randn(3, 2, 4),
        [("input", "a"), ("input", "att"), ("a", "att")],
    ),
    "an input that nobody takes": (
        Model(lambda m, x, y: m.a(x), **linear(a=3)),
        (X, Y),
        [("input 0", "a")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FLOWS)
def test_arrows_are_where_tensors_went(name):
    model, x, expected = FLOWS[name]
    assert sorted(edges(model, x)) == sorted(expected)


@pytest.mark.parametrize("name", FLOWS)
def test_what_is_drawn_is_what_was_found(name, shown):
    """Every line ends above the box of its taker; chains are drawn as blocks."""
    model, x, expected = FLOWS[name]
    plots.plot_model(model, x)
    assert_legible(shown)
    found = {}
    for text in boxes(shown):
        place = text.get_position()
        found[place] = text.get_text().split("    ")[0]
    if not found:
        assert name in ("a relu in place", "by assignment")
        return
    ends = [line.get_xydata()[-1] for line in shown.axes[0].lines if line.get_marker() == "v"]
    takers = [
        name for x, y in ends for place, name in found.items()
        if abs(place[0] - x) < 1e-6 and abs(place[1] - layers.EDGE - y) < 1e-6
    ]  # fmt: skip
    assert sorted(takers) == sorted(taker for _, taker in expected)


def test_resnet_s_shortcuts_are_there(shown):
    with torch.device("meta"):
        model, x = torchvision.models.resnet18(), torch.zeros(1, 3, 224, 224)
    blocks, sources, _ = blocks_of(model, x)
    sums = [place for place, block in enumerate(blocks) if block.names[0] == "add"]
    assert len(sums) == 8
    assert all(len(sources[place]) == 2 for place in sums)
    shortcuts = [blocks[min(sources[place])].names[0] for place in sums]
    straight = [name for name in shortcuts if name in ("maxpool", "add")]
    by_layer = [
        blocks[source].names for place in sums for source in sources[place]
        if "downsample" in blocks[source].names[0]
    ]  # fmt: skip
    assert len(straight) == 5
    assert by_layer == [[f"layer{n}.0.downsample.0", f"layer{n}.0.downsample.1"] for n in (2, 3, 4)]
    plots.plot_model(model, x)
    assert_legible(shown)
    assert len(boxes(shown)) == len(blocks) == 33


def test_what_is_not_used_is_listed_and_not_drawn(shown):
    model = Model(lambda m, x: m.a(x) * m.scale, **linear(a=4, old=3))
    model.scale, model.spare = nn.Parameter(torch.ones(4)), nn.Parameter(torch.ones(7))
    plots.plot_model(model, X)
    assert "22 parameters of all are not used in this pass: spare, old.weight, old.bias." in texts(
        shown
    )
    assert "4 parameters of all belong to no layer: functions take them." in texts(shown)
    assert not any("old" in name for block in blocks_of(model, X)[0] for name in block.names)


@pytest.mark.parametrize(
    ("model", "x"),
    [
        (nn.Conv2d(3, 6, 3), torch.zeros(3, 32, 32)),
        (nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.MaxPool2d(2)), torch.zeros(3, 32, 32)),
        (nn.MaxPool2d(2), torch.zeros(3, 32, 32)),
        (nn.Conv1d(2, 3, 3), torch.zeros(2, 9)),
        (nn.Linear(3, 2), torch.zeros(3)),
    ],
)
def test_a_batch_axis_is_asked_for(model, x, shown):
    with pytest.raises(ValueError, match=r"without a batch axis: give x\[None\]") as error:
        plots.plot_model(model, x)
    assert str(tuple(x.shape)) in str(error.value)
    plots.plot_model(model, x[None])


def test_too_many_side_by_side_are_refused(shown):
    model = Model(lambda m, x: [part(x) for part in m.heads], heads=nn.ModuleList(
        nn.Linear(4, 1) for _ in range(20)))  # fmt: skip
    with pytest.raises(ValueError, match=r"20 .* do not fit side by side: pass a smaller part"):
        plots.plot_model(model, X)
    assert not shown.figures
