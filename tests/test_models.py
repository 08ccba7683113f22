"""The networks: shapes and parameters as counted by hand, and refusals that name the remedy."""

import pytest
import torch
from torch.nn import functional as F

from utils.models import CifarNet, FashionNet, LeNet5, Residual, ResidualNet

MODELS = {
    FashionNet: ((1, 28, 28), [156, 1_812, 23_160, 7_260, 610]),
    LeNet5: ((1, 32, 32), [156, 2_416, 48_120, 10_164, 850]),
    CifarNet: ((3, 32, 32), [2_432, 25_632, 51_264, 65_600, 650]),
}
each_model = pytest.mark.parametrize("model", MODELS)


@each_model
def test_shapes_and_parameters_are_those_counted_by_hand(model):
    shape, parameters = MODELS[model]
    network = model()
    assert network(torch.zeros(7, *shape)).shape == (7, 10)
    assert network(torch.zeros(0, *shape)).shape == (0, 10)
    owners = [part for part in network.modules() if list(part.parameters(recurse=False))]
    assert [sum(p.numel() for p in part.parameters()) for part in owners] == parameters
    assert f"{sum(parameters):,} parameters" in model.__doc__
    assert all(f"{number:,}" in model.__doc__ for number in parameters)


def test_lenet_is_the_composition_of_its_layers():
    torch.manual_seed(0)
    lenet, x = LeNet5(), torch.randn(3, 1, 32, 32)
    s2 = F.max_pool2d(F.relu(F.conv2d(x, lenet.c1.weight, lenet.c1.bias)), 2)
    s4 = F.max_pool2d(F.relu(F.conv2d(s2, lenet.c3.weight, lenet.c3.bias)), 2).reshape(3, 400)
    c5 = F.relu(s4 @ lenet.c5.weight.T + lenet.c5.bias)
    f6 = F.relu(c5 @ lenet.f6.weight.T + lenet.f6.bias)
    assert torch.allclose(lenet(x), f6 @ lenet.out.weight.T + lenet.out.bias, atol=1e-5)


REFUSED = [
    (FashionNet, (1, 28, 28), "(N, 1, 28, 28), got (1, 28, 28). A single image needs a batch axis"),
    (FashionNet, (28, 28), "images[None, None]"),
    (FashionNet, (5, 28, 28), "The channel axis is missing: images.unsqueeze(1)"),
    (FashionNet, (5, 28, 28, 1), "images.permute(0, 3, 1, 2)"),
    (FashionNet, (28, 28, 1), "images.permute(2, 0, 1)"),
    (FashionNet, (5, 784), "images.reshape(-1, 1, 28, 28)"),
    (FashionNet, (784,), "images.reshape(-1, 1, 28, 28)"),
    (FashionNet, (5, 1, 32, 32), "resize or pad to 28 x 28"),
    (FashionNet, (5, 3, 28, 28), "3 channels"),
    (LeNet5, (5, 1, 28, 28), "resize or pad to 32 x 32"),
    (CifarNet, (3, 32, 32), "images.unsqueeze(0)"),
    (CifarNet, (32, 32, 3), "images.permute(2, 0, 1)"),
    (CifarNet, (5, 1, 32, 32), "1 channels"),
    (CifarNet, (5,), "CifarNet takes images of shape (N, 3, 32, 32), got (5,)"),
]


@pytest.mark.parametrize(("model", "shape", "message"), REFUSED)
def test_other_shapes_are_refused_with_the_remedy(model, shape, message):
    with pytest.raises(ValueError) as error:
        model()(torch.zeros(shape))
    assert message in str(error.value)


def test_the_remedies_help():
    model = FashionNet()
    assert model(torch.zeros(28, 28)[None, None]).shape == (1, 10)
    assert model(torch.zeros(5, 28, 28).unsqueeze(1)).shape == (5, 10)
    assert model(torch.zeros(5, 28, 28, 1).permute(0, 3, 1, 2)).shape == (5, 10)
    assert model(torch.zeros(5, 784).reshape(-1, 1, 28, 28)).shape == (5, 10)


@pytest.mark.parametrize("images", [[1.0], None, "boot"])
def test_what_is_no_tensor_is_named(images):
    with pytest.raises(TypeError, match=f"takes a tensor, got a {type(images).__name__}"):
        FashionNet()(images)


def test_bytes_are_named():
    with pytest.raises(ValueError, match=r"floats, got torch.uint8: images / 255"):
        FashionNet()(torch.zeros(2, 1, 28, 28, dtype=torch.uint8))


@pytest.mark.parametrize(("channels", "size"), [(1, 28), (3, 32), (1, 16), (2, 45)])
def test_the_residual_net_takes_any_size(channels, size):
    net = ResidualNet(channels, width=4).eval()
    assert net(torch.zeros(2, channels, size, size)).shape == (2, 10)
    with pytest.raises(ValueError, match=f"takes images of shape \\(N, {channels}, "):
        net(torch.zeros(2, channels + 1, size, size))


def test_the_residual_net_has_the_parameters_counted_by_hand():
    def normed(inputs, outputs):
        return 9 * inputs * outputs + 2 * outputs

    pairs = [(1, 32), (32, 32), (32, 32), (32, 64), (64, 64), (64, 64), (64, 128)]
    count = sum(normed(*pair) for pair in pairs) + 128 * 10 + 10
    assert sum(p.numel() for p in ResidualNet().parameters()) == count == 186_730
    assert f"{count:,} parameters" in ResidualNet.__doc__


def test_a_residual_adds_what_comes_in():
    block, x = Residual(3).eval(), torch.randn(2, 3, 5, 5)
    for parameter in block.parameters():
        torch.nn.init.zeros_(parameter)
    assert torch.equal(block(x), x)
