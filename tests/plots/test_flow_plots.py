"""Networks with branches: the arrows are where tensors went, followed by hand here."""

import numpy as np
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


class Halve(nn.Module):
    """Changes what it was given, and returns nothing."""

    def forward(self, x):
        x.mul_(0.5)


class Both(nn.Module):
    """Returns what it was given beside what it made of it, and keeps one of its own."""

    def forward(self, x):
        self.kept = x.sigmoid().mul_(2)
        return x.relu(), x


class OutOfSight(nn.Module):
    """A layer of NumPy's: its input and output are seen, so that nothing is missing."""

    def forward(self, x):
        return torch.from_numpy(x.numpy() * 2)


def changed_through_a_layer(m, x):
    h = m.a(x)
    m.act(h[:, :2])
    return m.c(h)


def written_over(m, x):
    h, old = m.a(x), m.b(x)
    torch.mul(h, x, out=old)
    return m.c(old)


def by_indices(m, x):
    h = torch.zeros(2, 4)
    h.index_put_((torch.tensor([0, 1]),), m.a(x))
    return m.c(h)


def constants_of_a_shape(m, x):
    h, ones = torch.zeros_like(x), x.new_ones(2, 2)
    h[:, :2] = m.b(x)
    h[:, 2:] = ones
    return m.c(h)


def after(change):
    """A layer, a statement that changes its output in place, and a layer that takes that."""

    def run(m, x):
        h = m.a(x)
        change(m, h, x)
        return m.c(h)

    return run


def beside(step):
    """A step that returns the very tensor it was given: one layer takes that, one the result."""

    def run(m, x):
        h = m.a(x)
        same = step(m, h)
        return m.b(h) + m.c(same)

    return run


def beside_edges(name):
    return [("input", "a"), ("a", name), ("a", "b"), (name, "c"), ("b", "add"), ("c", "add")]


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
    "dropout in evaluation": (
        Model(beside(lambda m, h: m.drop(h)), **linear(a=4, b=3, c=3), drop=nn.Dropout()),
        X,
        beside_edges("drop"),
    ),
    "a function that returns its input": (
        Model(beside(lambda m, h: functional.dropout(h, training=m.training)),
              **linear(a=4, b=3, c=3)),
        X,
        beside_edges("dropout"),
    ),
    "an input among the outputs": (
        Model(beside(lambda m, h: m.both(h)[1]), **linear(a=4, b=3, c=3), both=Both()),
        X,
        beside_edges("both"),
    ),
    "what a layer keeps": (
        Model(beside(lambda m, h: (m.both(h), m.both.kept)[1]), **linear(a=4, b=3, c=3),
              both=Both()),
        X,
        beside_edges("both"),
    ),
    "an empty shortcut": (
        Model(lambda m, x: m.short(x) + m.a(x), **linear(a=4), short=nn.Sequential()),
        X,
        [("input", "short"), ("input", "a"), ("short", "add"), ("a", "add")],
    ),
    "relu_ of a view": (
        Model(after(lambda m, h, x: torch.relu_(h.view(2, 2, 2))), **linear(a=4, c=1)),
        X,
        [("input", "a"), ("a", "view + relu"), ("view + relu", "c")],
    ),
    "relu_ of what an identity returned": (
        Model(after(lambda m, h, x: m.same(h).relu_()), **linear(a=4, c=1), same=nn.Identity()),
        X,
        [("input", "a + same + relu"), ("a + same + relu", "c")],
    ),
    "data changed": (
        Model(after(lambda m, h, x: h.data.clamp_(0)), **linear(a=4, c=1)),
        X,
        [("input", "a + clamp"), ("a + clamp", "c")],
    ),
    "masked_fill_": (
        Model(after(lambda m, h, x: h.masked_fill_(x > 0, 0)), **linear(a=4, c=1)),
        X,
        [("input", "a"), ("input", "masked_fill"), ("a", "masked_fill"), ("masked_fill", "c")],
    ),
    "a layer that returns nothing": (
        Model(after(lambda m, h, x: m.halve(h)), **linear(a=4, c=1), halve=Halve()),
        X,
        [("input", "a + halve"), ("a + halve", "c")],
    ),
    "a layer changes a view": (
        Model(changed_through_a_layer, **linear(a=4, c=1), act=nn.ReLU(inplace=True)),
        X,
        [("input", "a"), ("a", "getitem + act"), ("a", "c"), ("getitem + act", "c")],
    ),
    "written over": (
        Model(written_over, **linear(a=4, b=4, c=1)),
        X,
        [("input", "a"), ("input", "b"), ("input", "mul"), ("a", "mul"), ("mul", "c")],
    ),
    "by indices": (
        Model(by_indices, **linear(a=4, c=1)),
        X,
        [("input", "a + index_put"), ("a + index_put", "c")],
    ),
    "constants of a shape": (
        Model(constants_of_a_shape, **linear(b=2, c=1)),
        X,
        [("input", "b"), ("b", "c")],
    ),
    "inference mode": (
        Model(torch.inference_mode()(after(lambda m, h, x: h[:, :2].mul_(m.b(h)))),
              **linear(a=4, b=2, c=1)),
        X,
        [("input", "a"), ("a", "getitem"), ("a", "b"), ("getitem", "mul"), ("b", "mul"),
         ("a", "c"), ("mul", "c")],
    ),
    "an identity in inference mode": (
        Model(torch.inference_mode()(beside(lambda m, h: m.same(h))), **linear(a=4, b=3, c=3),
              same=nn.Identity()),
        X,
        beside_edges("same"),
    ),
    "a sparse input": (
        Model(lambda m, x, graph: m.c(m.act(m.same(graph) @ m.a(x))), **linear(a=4, c=1),
              act=nn.ReLU(inplace=True), same=nn.Identity()),
        (X, torch.eye(2).to_sparse()),
        [("input 0", "a"), ("input 1", "same"), ("same", "matmul + act"), ("a", "matmul + act"),
         ("matmul + act", "c")],
    ),
    "a layer of NumPy's": (
        Model(lambda m, x: m.c(m.numpy(m.a(x))), **linear(a=4, c=1), numpy=OutOfSight()),
        X,
        [("input", "a + numpy"), ("a + numpy", "c")],
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
        takers = [taker for _, taker in expected]
        assert sorted(set(takers)) == sorted(takers)  # each of one: a chain
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


LEAVES = {
    "numpy": lambda h: torch.from_numpy(h.numpy() * 2),
    "tolist": lambda h: torch.tensor(h.tolist()),
    "item": lambda h: torch.full((2, 4), h.max().item()),
    "float": lambda h: torch.ones(2, 4) * float(h.max()),
    "array": lambda h: torch.tensor(np.asarray(h)),
}


@pytest.mark.parametrize("name", LEAVES)
def test_it_is_said_that_values_left_pytorch(name, shown):
    model = Model(lambda m, x: m.b(LEAVES[name](m.a(x))), **linear(a=4, b=1))
    plots.plot_model(model, X)
    sentence = f"{name}() took values out of PyTorch: no arrow shows where they went."
    assert sentence in texts(shown)
    assert_legible(shown)
    found = edges(model, X)
    assert found[0] == ("input", "a")
    assert not {("a", "b"), ("a", "mul"), ("max", "b"), ("max", "mul")} & {*found}


def test_nothing_is_said_of_what_never_left(shown):
    """Sizes, choices, constants and numbers of parameters are no values of the input."""
    model = Model(
        lambda m, x: m.b(m.numpy(m.a(x)) * float(m.scale) * len(x)) if (x < 99).all() else x,
        **linear(a=4, b=1), numpy=OutOfSight(), scale=nn.Parameter(torch.ones(1)),
    )  # fmt: skip
    assert torch.arange(3).tolist() == [0, 1, 2]
    assert edges(model, X) == [("input", "a + numpy + mul + mul"), ("a + numpy + mul + mul", "b")]
    assert blocks_of(model, X)[2] == ["1 parameter of all belong to no layer: functions take them."]


SEEN = [
    "an input among the outputs",
    "dropout in evaluation",
    "relu_ of what an identity returned",
    "masked_fill_",
    "a layer changes a view",
    "by assignment",
    "data changed",
    "residual sum",
]


def of_gradients(m, x):
    """A model that takes gradients in its pass, also when nobody asked for them."""
    x = x.contiguous().requires_grad_().contiguous()
    with torch.enable_grad():
        energy = m.c(m.drop(m.a(m.drop(x))).tanh()).sum()
        return torch.autograd.grad(energy, x)[0]


@pytest.mark.parametrize("name", [*SEEN, "gradients inside"])
def test_numbers_are_the_same_while_and_after_being_watched(name, shown):
    model, x, _ = FLOWS.get(
        name, (Model(of_gradients, **linear(a=4, c=1), drop=nn.Dropout()), X, 0)
    )
    inner, results = model.run, []
    model.run = lambda *args: results.append(inner(*args)) or results[-1]
    model.eval()
    with torch.no_grad():
        alone = model(x.clone()).clone()
    assert torch.equal(results.pop(), alone)
    plots.plot_model(model, x)
    assert torch.equal(results.pop(), alone)
    model.train(name not in ("masked_fill_", "data changed"))
    before, after_it = learned(model, x, False), learned(model, x, True)
    model.run = inner
    assert len(before) == 1 + len([*model.parameters()])
    for one, other in zip(before, after_it, strict=True):
        assert one is other is None or torch.equal(one, other)


def learned(model, x, watched):
    """The output and all gradients of one pass, with the same random numbers each time."""
    model.zero_grad()
    if watched:
        plots.plot_model(model, x)
    torch.manual_seed(1)
    output = model(x.clone())
    if output.requires_grad:
        output.square().sum().backward()
    return [output.detach(), *(parameter.grad for parameter in model.parameters())]


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
