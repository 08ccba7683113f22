"""The formulas against torch itself, and by hand."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from utils.shapes import (
    conv_output_size,
    conv_receptive_field,
    conv_transpose_output_size,
    pool_output_size,
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
