"""What watching a model shows, and that it leaves everything as it was."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.modules import module as global_hooks
from torchvision.models import resnet18, vgg11

from tests.shapes.test_sizes import one_thread  # noqa: F401
from utils.models import FashionNet
from utils.shapes import (
    Layer,
    trace,
)


def total(model):
    return sum(parameter.numel() for parameter in model.parameters())


def hooks(model):
    kinds = ["_forward_hooks", "_forward_pre_hooks", "_forward_hooks_always_called"]
    found = sum(len(getattr(module, kind)) for module in model.modules() for kind in kinds)
    return found + sum(map(len, vars(global_hooks)["_global_forward_hooks"].values()))


class Net(nn.Module):
    """A model whose forward is the given function of itself and its inputs."""

    def __init__(self, forward, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.run = forward

    def forward(self, *inputs):
        return self.run(self, *inputs)


def steps(records):
    return [record.name for record in records]


def test_trace_of_fashion_net():
    assert trace(FashionNet(), torch.rand(2, 1, 28, 28)) == [
        Layer("conv1", "Conv2d", (2, 6, 24, 24), 156),
        Layer("relu", "function", (2, 6, 24, 24), 0),
        Layer("max_pool2d", "function", (2, 6, 12, 12), 0),
        Layer("conv2", "Conv2d", (2, 12, 8, 8), 1812),
        Layer("relu", "function", (2, 12, 8, 8), 0),
        Layer("max_pool2d", "function", (2, 12, 4, 4), 0),
        Layer("flatten", "function", (2, 192), 0),
        Layer("fc1", "Linear", (2, 120), 23160),
        Layer("relu", "function", (2, 120), 0),
        Layer("fc2", "Linear", (2, 60), 7260),
        Layer("relu", "function", (2, 60), 0),
        Layer("out", "Linear", (2, 10), 610),
    ]


@pytest.mark.parametrize("build, side", [(resnet18, 32), (vgg11, 32)])
def test_trace_of_published_networks(build, side):
    with torch.device("meta"):
        model, x = build(), torch.zeros(1, 3, side, side)
    records = trace(model, x)
    assert sum(record.parameters for record in records) == total(model)
    convs = sum(isinstance(module, nn.Conv2d) for module in model.modules())
    assert [record.type for record in records].count("Conv2d") == convs
    assert records[-1].output_shape == (1, 1000)


def test_trace_names_nested_layers_in_order_and_counts_a_repeated_one_once():
    layer = nn.Linear(4, 4)
    model = nn.Sequential(layer, nn.Sequential(nn.ReLU(), layer), nn.Sequential())
    assert trace(model, torch.rand(3, 4)) == [
        Layer("0", "Linear", (3, 4), 20),
        Layer("1.0", "ReLU", (3, 4), 0),
        Layer("0", "Linear", (3, 4), 0),
        Layer("2", "Sequential", (3, 4), 0),
    ]


def test_trace_counts_tied_weights_once():
    model = nn.Sequential(nn.Embedding(7, 4), nn.Linear(4, 7, bias=False))
    model[1].weight = model[0].weight
    assert [record.parameters for record in trace(model, torch.tensor([[1]]))] == [28, 0]


def test_trace_of_a_single_layer_bears_its_class():
    found = trace(nn.LSTM(3, 4, batch_first=True), torch.rand(2, 5, 3))
    assert found == [Layer("LSTM", "LSTM", (2, 5, 4), 144)]
    x = torch.rand(2, 5, 8)
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    assert trace(attention, (x, x, x)) == [
        Layer("MultiheadAttention", "MultiheadAttention", (2, 5, 8), 288)
    ]


def test_trace_shows_the_parameters_a_layer_with_parts_owns():
    def forward(self, x):
        return self.inner(x) * self.scale

    model = Net(forward, inner=nn.Linear(2, 2), scale=nn.Parameter(torch.ones(2)))
    assert trace(nn.Sequential(model), torch.rand(1, 2)) == [
        Layer("0.inner", "Linear", (1, 2), 6),
        Layer("mul", "function", (1, 2), 0),
        Layer("0", "Net", (1, 2), 2),
    ]
    listed = Net(lambda self, x: x @ self.held[0], held=nn.ParameterList([torch.ones(2, 3)]))
    assert trace(listed, torch.rand(1, 2)) == [Layer("Net", "Net", (1, 3), 6)]


def test_trace_shows_functions_on_data_only():
    def forward(self, x, y):
        self.last(x[:, None].mean(1))
        assert not torch.is_grad_enabled() and not self.training
        count = len(torch.arange(x.dim()))
        mask = (x.detach().to("cpu") > 0).float() if count == x.size(0) else None
        z = torch.cat([x, y * mask, torch.zeros_like(x).clone()], dim=1)
        z += 1
        largest = F.max_pool1d(F.relu(input=z), 2).max(dim=1)
        return {"size": z.shape, "values": [1 - largest.values]}

    model = Net(forward, last=nn.Identity())
    found = trace(model, (torch.rand(2, 2), torch.rand(2, 2)))
    wanted = ["getitem", "mean", "last", "mul", "cat", "add_", "relu", "max_pool1d", "max", "rsub"]
    assert steps(found) == wanted
    assert found[-2].output_shape == (2,)
    nested = nn.Sequential(Net(lambda self, x: {"a": [x]}), Net(lambda self, x: None))
    assert [record.output_shape for record in trace(nested, torch.rand(2))] == [(2,), None]


def busy_model():
    """Return a model that would change: modes differ, statistics, dropout, work in place."""

    def forward(self, x):
        x = self.parts(x)
        self.calls += 1
        return F.dropout(x, 0.5, training=True)

    parts = nn.Sequential(nn.ReLU(inplace=True), nn.BatchNorm1d(3), nn.Dropout(), nn.Linear(3, 3))
    model = Net(forward, parts=parts)
    model.register_buffer("calls", torch.tensor(0))
    model.register_buffer("nothing", None)
    model.parts[2].eval()
    model.parts[3].weight.requires_grad_(False)
    model(torch.rand(4, 3)).sum().backward()
    return model


def everything(model):
    grads = [None if p.grad is None else p.grad.clone() for p in model.parameters()]
    state = [value.clone() for value in model.state_dict().values()]
    flags = [p.requires_grad for p in model.parameters()]
    modes = [module.training for module in model.modules()]
    return [grads, state, [torch.get_rng_state()], flags, modes, hooks(model)]


def assert_same(found, expected):
    for one, other in zip(found[:3], expected[:3], strict=True):
        for a, b in zip(one, other, strict=True):
            assert (a is None and b is None) or torch.equal(a, b)
    assert found[3:] == expected[3:]


def test_trace_changes_nothing():
    model, x = busy_model(), torch.randn(4, 3)
    buffers, before, kept = list(model.buffers()), everything(model), x.clone()
    found = trace(model, x)
    assert steps(found) == ["parts.0", "parts.1", "parts.2", "parts.3", "add_", "dropout"]
    assert_same(everything(model), before)
    assert torch.equal(x, kept)
    assert all(a is b for a, b in zip(model.buffers(), buffers, strict=True))
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("error", [RuntimeError("halfway"), KeyboardInterrupt("stop")], ids=repr)
def test_trace_passes_errors_on_and_changes_nothing(error):
    def fail(self, x):
        raise error

    model = busy_model()
    model.parts.append(Net(fail))
    x = torch.randn(4, 3)
    before = everything(model)
    with pytest.raises(type(error)) as caught:
        trace(model, x)
    assert caught.value is error
    assert_same(everything(model), before)
    assert torch.is_grad_enabled() and torch.overrides._len_torch_function_stack() == 0


def test_trace_goes_on_after_an_error_the_model_catches():
    def fail(self, x):
        raise ValueError

    def forward(self, x):
        try:
            return self.broken(x)
        except ValueError:
            return x.relu()

    found = trace(Net(forward, broken=Net(fail)), torch.rand(2))
    assert steps(found) == ["broken", "relu"]
    assert found[0].output_shape is None


def test_trace_leaves_the_hooks_of_others():
    model, seen = nn.Sequential(nn.Linear(2, 2)), []
    model[0].register_forward_pre_hook(lambda module, args: (args[0].relu(),))
    model[0].register_forward_hook(lambda module, args, output: seen.append(output.abs().shape))
    assert steps(trace(model, torch.rand(1, 2))) == ["0"]
    assert hooks(model) == 2 and seen == [(1, 2)]


def test_trace_refuses_what_it_cannot_run():
    with pytest.raises(
        TypeError, match=r"model must be an nn.Module object, such as Net\(\), got 3"
    ):
        trace(3, torch.rand(1))
    with pytest.raises(TypeError, match=r"got <class 'torch\.nn"):
        trace(nn.Linear, torch.rand(1))
    for wrong, name in [([1.0], "float"), ((1, 3, 32, 32), "int"), (None, "NoneType")]:
        with pytest.raises(TypeError, match=rf"hold tensors, got {name}: for a shape .*zeros\("):
            trace(nn.Identity(), wrong)
    lazy = nn.Sequential(nn.LazyLinear(3))
    with pytest.raises(ValueError, match="Sequential is lazy: call it on data first"):
        trace(lazy, torch.rand(1, 2))
    assert isinstance(lazy[0], nn.LazyLinear)


def test_outputs_are_collected_as_they_were():
    model, x, outputs = nn.Sequential(nn.Linear(2, 3), nn.ReLU(inplace=True)), torch.randn(4, 2), []
    records = trace(model, x, outputs)
    assert [record.output_shape for record in records] == [tuple(o.shape) for o in outputs]
    assert torch.equal(outputs[0], model[0](x).detach())  # not what ReLU has written into it since
    assert torch.equal(outputs[1], model(x).detach())
    assert not any(output.requires_grad for output in outputs)


class Many(nn.Module):
    """Inputs as they occur: by position, by name, in a list, in a dict."""

    def __init__(self):
        super().__init__()
        self.fc, self.lstm = nn.Linear(2, 3), nn.LSTM(3, 4)

    def forward(self, first, pair, more=None):
        x = self.fc(first + pair[0] + more["extra"])
        return self.lstm(x, (pair[1], pair[1]))


def test_inputs_may_be_lists_and_dicts():
    first, state = torch.randn(5, 1, 2), torch.zeros(1, 1, 4)
    pair, more = [torch.randn(5, 1, 2), state], {"extra": torch.ones(5, 1, 2)}
    expected = [("add", (5, 1, 2)), ("add", (5, 1, 2)), ("fc", (5, 1, 3)), ("lstm", (5, 1, 4))]
    for x in (
        (first, pair, more),
        [first, pair, more],
        {"first": first, "pair": pair, "more": more},
    ):
        assert [record[:3:2] for record in trace(Many(), x)] == expected
    before = pair[0].clone()
    trace(Many(), (first, pair, more))
    assert torch.equal(pair[0], before)


def test_a_list_as_the_only_input_is_wrapped():
    class Sum(nn.Module):
        def forward(self, tensors):
            return tensors[0] + tensors[1]

    [record] = trace(Sum(), ([torch.ones(2), torch.ones(2)],))
    assert record.output_shape == (2,)
