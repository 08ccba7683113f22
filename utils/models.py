"""The course's networks, as chapters 04 and 05 build them by hand."""

import math

import torch
from torch import nn
from torch.nn.functional import max_pool2d


class FashionNet(nn.Module):
    """Two convolutions and three linear layers, for Fashion-MNIST.

    images (N, 1, 28, 28) → logits (N, 10), with 32,998 parameters: conv1 156, conv2 1,812,
    fc1 23,160, fc2 7,260, out 610. Raises ValueError for images of another shape.
    """

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels=1, out_channels=6, kernel_size=5)
        self.conv2 = nn.Conv2d(in_channels=6, out_channels=12, kernel_size=5)
        self.fc1 = nn.Linear(in_features=12 * 4 * 4, out_features=120)
        self.fc2 = nn.Linear(in_features=120, out_features=60)
        self.out = nn.Linear(in_features=60, out_features=10)

    def forward(self, images):
        require_images(self, images, (1, 28, 28))
        x = max_pool2d(self.conv1(images).relu(), kernel_size=2)
        x = max_pool2d(self.conv2(x).relu(), kernel_size=2)
        x = x.flatten(start_dim=1)
        x = self.fc2(self.fc1(x).relu()).relu()
        return self.out(x)


class LeNet5(nn.Module):
    """LeNet-5 of LeCun, Bottou, Bengio and Haffner (1998), section II.B, in today's parts.

    images (N, 1, 32, 32) → logits (N, 10), with 61,706 parameters: c1 156, c3 2,416,
    c5 48,120, f6 10,164, out 850. The names are the paper's: C convolution, S subsampling,
    F full connection.

    Where it departs from the paper: there, C3 connects each of its 16 maps to only some of
    the 6 maps of S2 (table I; 1,516 parameters, 60,000 in all); S2 and S4 add up four pixels,
    have a trained weight and bias a map and a squashing function, here they take the maximum;
    the units are scaled hyperbolic tangents, here ReLU; the output layer measures distances to
    ten fixed bit patterns, here it is linear, for cross-entropy; pixels run from -0.1 to 1.175.
    C5 is a convolution there, of a size that makes it a full connection, which it is here.

    Raises ValueError for images of another shape.
    """

    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(in_channels=1, out_channels=6, kernel_size=5)
        self.c3 = nn.Conv2d(in_channels=6, out_channels=16, kernel_size=5)
        self.c5 = nn.Linear(in_features=16 * 5 * 5, out_features=120)
        self.f6 = nn.Linear(in_features=120, out_features=84)
        self.out = nn.Linear(in_features=84, out_features=10)

    def forward(self, images):
        require_images(self, images, (1, 32, 32))
        s2 = max_pool2d(self.c1(images).relu(), kernel_size=2)
        s4 = max_pool2d(self.c3(s2).relu(), kernel_size=2)
        f6 = self.f6(self.c5(s4.flatten(start_dim=1)).relu()).relu()
        return self.out(f6)


class CifarNet(nn.Module):
    """Three convolutions and two linear layers, for CIFAR-10; a plain chain, in `.layers`.

    images (N, 3, 32, 32) → logits (N, 10), with 145,578 parameters: 2,432, 25,632 and 51,264
    in the convolutions, 65,600 and 650 in the linear layers. The layers' sizes are those of the
    network known from Caffe as CIFAR10_quick, after Krizhevsky's cuda-convnet; its pooling differs.

    Raises ValueError for images of another shape.
    """

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 32, kernel_size=5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2),
            nn.Conv2d(32, 32, kernel_size=5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2),
            nn.Conv2d(32, 64, kernel_size=5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2),
            nn.Flatten(),
            nn.Linear(64 * 4 * 4, 64),
            nn.ReLU(),
            nn.Linear(64, 10),
        )

    def forward(self, images):
        require_images(self, images, (3, 32, 32))
        return self.layers(images)


class Residual(nn.Module):
    """What comes in, plus two normalised convolutions of it: He et al. (2015), figure 2."""

    def __init__(self, channels):
        super().__init__()
        self.layers = nn.Sequential(_normed(channels, channels), _normed(channels, channels))

    def forward(self, x):
        return x + self.layers(x)


class ResidualNet(nn.Module):
    """A small residual network that learns fast, for images of any size from 16 × 16 on.

    images (N, in_channels, H, W) → logits (N, 10). Three convolutions, of which each pools and
    doubles the channels, with a `Residual` after the first two; then the largest value of each
    channel, and a linear layer. With in_channels 1 and width 32 it has 186,730 parameters.
    Raises ValueError for images of another number of channels.
    """

    def __init__(self, in_channels=1, width=32):
        super().__init__()
        self.in_channels = in_channels
        self.layers = nn.Sequential(
            _normed(in_channels, width, pooled=True),
            Residual(width),
            _normed(width, 2 * width, pooled=True),
            Residual(2 * width),
            _normed(2 * width, 4 * width, pooled=True),
            nn.AdaptiveMaxPool2d(1),
            nn.Flatten(),
            nn.Linear(4 * width, 10),
        )

    def forward(self, images):
        require_images(self, images, (self.in_channels, *images.shape[2:]))
        return self.layers(images)


def _normed(in_channels, out_channels, pooled=False):
    """A 3 × 3 convolution, pooled first if at all: that leaves a quarter for all that follows."""
    conv = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, bias=False)
    pool = [nn.MaxPool2d(2)] if pooled else []
    return nn.Sequential(conv, *pool, nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True))


def require_images(model, images, shape):
    """Raise ValueError, with the likely remedy, unless `images` is floats of shape (N, *shape).

    `shape`: (channels, height, width). `model` lends its name to the message. Raises TypeError
    for what is no tensor.
    """
    if torch.jit.is_tracing():  # what TensorBoard's graph does; sizes are no numbers there
        return
    name = type(model).__name__
    if not isinstance(images, torch.Tensor):
        kind = type(images).__name__
        raise TypeError(f"{name} takes a tensor, got a {kind}: make one with torch.as_tensor")
    if images.dim() == 4 and images.shape[1:] == shape:
        if not images.is_floating_point():
            raise ValueError(f"{name} takes floats, got {images.dtype}: images / 255")
        return
    got = tuple(images.shape)
    wanted = f"(N, {', '.join(map(str, shape))})"
    raise ValueError(f"{name} takes images of shape {wanted}, got {got}{_remedy(got, shape)}")


def _remedy(got, shape):
    channels, height, width = shape
    if got == shape:
        return ". A single image needs a batch axis: images.unsqueeze(0)"
    if got == shape[1:] and channels == 1:
        return ". A single image needs a batch and a channel axis: images[None, None]"
    if got[1:] == shape[1:] and channels == 1:
        return ". The channel axis is missing: images.unsqueeze(1)"
    if got[-1:] == (channels,) and got[-3:-1] == shape[1:]:
        axes = "0, 3, 1, 2" if len(got) == 4 else "2, 0, 1"
        return f". The channels come last there: images.permute({axes})"
    if math.prod(got[1:]) == math.prod(shape) or math.prod(got) == math.prod(shape):
        return f". They are flattened: images.reshape(-1, {channels}, {height}, {width})"
    if len(got) == 4 and got[2:] == shape[1:]:
        return f". Pictures with {got[1]} channels are not what it was made for"
    if len(got) == 4 and got[1] == channels:
        return f". Another size: resize or pad to {height} x {width}"
    return ""
