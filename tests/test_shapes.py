"""The formulas against torch itself, and what tracing a model shows and leaves as it was."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.modules import module as global_hooks
from torchvision.models import resnet18, vgg11

from utils.models import FashionNet
from utils.shapes import (
    Layer,
    conv_output_size,
    conv_receptive_field,
    conv_transpose_output_size,
    pool_output_size,
    trace,
)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Threads that wait for each other cost a hundred times what these sizes take."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- formulas against torch

CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
MAX_POOL = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVG_POOL = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
each_dimension = pytest.mark.parametrize("axes", [1, 2, 3])
LEGAL = {"size": 12, "kernel_size": 5, "stride": 4, "padding": 3, "dilation": 3}
LEGAL["output_padding"] = 3


def cases(count):
    return settings(max_examples=count, deadline=None, derandomize=True)


def numbers(name, axes):
    """Return a strategy for one value, wrong (0 or negative) once in about 20 times `axes`."""
    least = 0 if "padding" in name else 1
    legal = list(range(least, min(LEGAL[name], 15 // axes) + 1))
    return st.sampled_from(legal * (20 * axes // len(legal) + 1) + [least - 1])


def arguments(axes, *names):
    """Return a strategy for {name: values}: one for each axis or, except for size, one for all."""
    found = {}
    for name in ("size", "kernel_size", *names):
        one = numbers(name, axes)
        each = st.tuples(*[one] * axes)
        found[name] = one | each if name in names else each
    return st.fixed_dictionaries(found)


PLAIN = [arguments(n, "stride", "padding", "dilation") for n in (1, 2, 3)]
WORDS = [arguments(n, "stride", "dilation") for n in (1, 2, 3)]
AVERAGE = [arguments(n, "stride", "padding") for n in (1, 2, 3)]
BACK = [arguments(n, "stride", "padding", "output_padding", "dilation") for n in (1, 2, 3)]


def attempt(function, *args, **options):
    """Return the size that comes out, or None if it is refused."""
    try:
        result = function(*args, **options)
    except (ValueError, RuntimeError):
        return None
    return tuple(result.shape[2:]) if isinstance(result, torch.Tensor) else result


def said_by_torch(layer, size, kernel_size, as_weight, **options):
    kernel = torch.zeros(1, 1, *kernel_size) if as_weight else kernel_size
    found = attempt(layer, torch.zeros(1, 1, *size), kernel, **options)
    # conv_transpose3d with a kernel above 3 gives an empty output, which it refuses below.
    return None if found and 0 in found else found


def assert_agrees(formula, layer, given, as_weight):
    """The formula says what the layer does, and for one axis also when given plain numbers."""
    expected = said_by_torch(layer, as_weight=as_weight, **given)
    assert attempt(formula, **given) == expected
    if len(given["size"]) == 1:
        plain = {k: v[0] if isinstance(v, tuple) else v for k, v in given.items()}
        assert attempt(formula, **plain) == (expected and expected[0])


@each_dimension
@given(st.data())
@cases(1200)
def test_conv(axes, data):
    given = data.draw(PLAIN[axes - 1])
    assert_agrees(conv_output_size, CONV[axes], given, as_weight=True)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@each_dimension
@given(st.data(), st.sampled_from(["same", "valid"]), st.booleans())
@cases(300)
def test_conv_with_padding_in_words(axes, data, word, strided):
    given = data.draw(WORDS[axes - 1]) | {"padding": word} | ({} if strided else {"stride": 1})
    assert_agrees(conv_output_size, CONV[axes], given, as_weight=True)


@each_dimension
@given(st.data(), st.booleans(), st.integers(0, 5))
@cases(1000)
def test_max_pool(axes, data, ceil_mode, own_stride):
    given = data.draw(PLAIN[axes - 1]) | {"ceil_mode": ceil_mode}
    given |= {} if own_stride else {"stride": None}
    assert_agrees(pool_output_size, MAX_POOL[axes], given, as_weight=False)


@each_dimension
@given(st.data(), st.booleans())
@cases(400)
def test_average_pool(axes, data, ceil_mode):
    given = data.draw(AVERAGE[axes - 1]) | {"ceil_mode": ceil_mode}
    # avg_pool3d alone refuses a kernel larger than the input without its padding.
    within = all(k <= n for k, n in zip(given["kernel_size"], given["size"], strict=True))
    if axes == 3 and not within:
        assert said_by_torch(AVG_POOL[3], as_weight=False, **given) is None
    else:
        assert_agrees(pool_output_size, AVG_POOL[axes], given, as_weight=False)


@each_dimension
@given(st.data())
@cases(800)
def test_transposed_conv(axes, data):
    given = data.draw(BACK[axes - 1])
    assert_agrees(conv_transpose_output_size, TRANSPOSED[axes], given, as_weight=True)


# --- formulas by hand


@pytest.mark.parametrize(
    "given, expected",
    [((4, 3, 1, 0), 2), ((5, 3, 1, 1), 5), ((5, 3, 2, 0), 2), ((6, 3, 2, 1), 3)],
)
def test_conv_by_hand(given, expected):
    assert conv_output_size(*given) == expected


def test_axes_are_independent():
    assert conv_output_size((28, 32), (5, 3), padding=(0, 1)) == (24, 32)
    assert conv_output_size([28], 5) == (24,)
    assert conv_output_size(torch.zeros(1, 1, 28, 32).shape[2:], 5, stride=[1, 2]) == (24, 14)
    assert pool_output_size((5, 6, 7), 2) == (2, 3, 3)
    assert pool_output_size((5, 6, 7), 2, ceil_mode=True) == (3, 3, 4)
    assert conv_transpose_output_size((7, 8), 2, stride=2) == (14, 16)
    assert conv_transpose_output_size(7, 3, stride=2, padding=1, output_padding=1) == 14


def test_sizes_are_exact():
    huge = 10**17 + 1
    assert conv_output_size(huge, 3, padding=1) == huge
    assert type(pool_output_size(huge, 2, ceil_mode=True)) is int


CONV_ERRORS = [
    ((7, 5), {"dilation": 2}, r"spans 9 pixels \(kernel_size 5, dilation 2\), .* only 7: pad more"),
    (((7, 2), 3), {}, r"^axis 1: the kernel spans 3 pixels .* only 2"),
    ((7, 0), {}, "^kernel_size must be at least 1, got 0"),
    (((7, 7), (3, 3)), {"stride": (1, 0)}, "^axis 1: stride must be at least 1, got 0"),
    ((7, 3), {"padding": -1}, "^padding must be at least 0, got -1"),
    ((0, 3), {}, "^size must be at least 1, got 0"),
    ((7, 3), {"padding": "full"}, 'padding is a number, "same" or "valid", not "full"'),
    ((7, 3), {"padding": "same", "stride": 2}, 'padding "same" needs stride 1, got 2'),
    ((7, (3,)), {}, r"kernel_size \(3,\) must be one number"),
    ((7, (3, 3)), {}, r"kernel_size \(3, 3\) must be one number, or one for each axis of size 7"),
    (((7, 7), 3), {"stride": (1, 1, 1)}, r"stride \(1, 1, 1\) must be .* of size \(7, 7\)"),
    (((1, 1, 7, 7), 3), {}, r"size \(1, 1, 7, 7\) must have 1 to 3 axes, as images.shape\[2:\]"),
    (((), 3), {}, "must have 1 to 3 axes"),
]


@pytest.mark.parametrize("args, options, message", CONV_ERRORS)
def test_impossible_convolutions_are_explained(args, options, message):
    with pytest.raises(ValueError, match=message):
        conv_output_size(*args, **options)


def test_impossible_pooling_and_transposed_convolutions_are_explained():
    with pytest.raises(ValueError, match="padding 2 exceeds half of kernel_size 3"):
        pool_output_size(7, 3, padding=2)
    with pytest.raises(ValueError, match=r"^axis 0: output_padding 2 must be below stride 2 or"):
        conv_transpose_output_size((7,), 3, stride=2, output_padding=2)
    with pytest.raises(ValueError, match="padding 2 cuts off all 3 pixels: take less"):
        conv_transpose_output_size(1, 3, padding=2)


@pytest.mark.parametrize("wrong", [True, 2.0, "2", None, torch.tensor(2)])
@pytest.mark.parametrize("name", ["size", "kernel_size", "stride", "dilation", "padding"])
def test_only_integers_count(name, wrong):
    kind = ValueError if (name, wrong) == ("padding", "2") else TypeError
    with pytest.raises(kind, match=f"{name} "):
        conv_output_size(**{"size": 7, "kernel_size": 3} | {name: wrong})


def test_pooling_takes_no_padding_in_words_and_no_other_ceil_mode():
    with pytest.raises(TypeError, match="padding must be an int, got 'same'"):
        pool_output_size(7, 3, padding="same")
    with pytest.raises(TypeError, match="ceil_mode is True or False, not 'yes'"):
        pool_output_size(7, 3, ceil_mode="yes")


# --- receptive fields

CONVS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
POOLS = {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d}


@st.composite
def stacks(draw):
    """Draw (axes, layers): convolutions and average pools with weights above zero, float64."""
    axes = draw(st.integers(1, 2))
    layers = []
    for _ in range(draw(st.integers(1, 4))):
        kernel, stride, dilation = (
            tuple(draw(st.integers(1, most)) for _ in range(axes)) for most in (3, 2, 2)
        )
        if draw(st.booleans()):
            layers.append(POOLS[axes](kernel, stride))
        else:
            layers.append(CONVS[axes](1, 1, kernel, stride, dilation=dilation, dtype=torch.float64))
            nn.init.constant_(layers[-1].weight, 1.0)
        layers += draw(st.sampled_from([[], [nn.Identity()], [nn.Sequential(nn.LeakyReLU())]]))
    return axes, nn.Sequential(*layers)


@given(stacks())
@cases(150)
def test_receptive_field_is_what_the_gradient_reaches(drawn):
    axes, layers = drawn
    side = 90
    x = torch.ones(1, 1, *[side] * axes, dtype=torch.float64, requires_grad=True)
    output = layers(x)
    assert conv_receptive_field(layers) == conv_receptive_field(list(layers))
    centre = tuple(n // 2 for n in output.shape)
    output[(0, 0, *centre[2:])].backward()
    reached = x.grad[0, 0].nonzero()
    extent = (reached.amax(0) - reached.amin(0) + 1).tolist()
    found = conv_receptive_field(layers)
    assert found == (extent[0] if len(set(extent)) == 1 else tuple(extent))


def test_receptive_fields_by_hand():
    assert conv_receptive_field([]) == 1
    assert conv_receptive_field([(3, 1), (3, 1)]) == 5
    assert conv_receptive_field([(5, 1), (2, 2), (5, 1), (2, 2)]) == 16
    assert conv_receptive_field([(3, 1, 2), ((3, 5), 1)]) == (7, 9)
    assert conv_receptive_field(nn.Conv2d(1, 1, 5)) == 5
    block = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2))
    assert conv_receptive_field([block, nn.Dropout2d(), nn.Conv2d(8, 8, (3, 1))]) == (8, 4)
    assert conv_receptive_field(nn.MaxPool3d(3, stride=1, dilation=2)) == 5


FIELDLESS = [nn.Linear(4, 4), nn.Flatten(), nn.ConvTranspose2d(1, 1, 2), nn.AdaptiveAvgPool2d(1)]


@pytest.mark.parametrize("layer", [*FIELDLESS, nn.GroupNorm(1, 1), (3,), 3], ids=str)
def test_layers_without_a_field_are_refused(layer):
    with pytest.raises(ValueError, match=f"^{type(layer).__name__} slides no .*: stop before it"):
        conv_receptive_field([(3, 1), layer])


def test_impossible_stacks_are_refused():
    with pytest.raises(ValueError, match="stride must be at least 1, got 0"):
        conv_receptive_field([(3, 0)])
    with pytest.raises(ValueError, match=r"the same number of axes, got \[1, 2\]"):
        conv_receptive_field([nn.Conv1d(1, 1, 3), nn.Conv2d(1, 1, 3)])


# --- trace


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
    for wrong, name in [([1.0], "list"), ((torch.rand(1), 2), "int"), (None, "NoneType")]:
        with pytest.raises(TypeError, match=f"tensor or a tuple of tensors, got {name}"):
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
