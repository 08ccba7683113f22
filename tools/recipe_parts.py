"""The ingredients of `recipe`, each from a known fast recipe for CIFAR-10.

Page: David Page, "How to train your ResNet" (2018), for DAWNBench's race to 94 %.
Jordan: Keller Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU" (2024), arXiv:2404.00498.
"""

import math

import torch
from torch import nn
from torch.nn.functional import pad

from utils.training import TensorLoader

FEW = 5000  # images are enough to see how neighbouring pixels go together
LEAST = 5e-4  # added to each variance, so that the faintest patterns are not blown up


def whitening(images, width):
    """Return a first convolution that is computed from the images and never trained.

    Its filters are the principal axes of small patches, each over its standard deviation, and their
    negatives: what comes out is uncorrelated and of one size, so the next layers learn faster, and
    backward ends before it. Page, part 8; with negatives: Jordan.
    """
    size = max(2, math.ceil(math.sqrt(width / 2)))  # one pixel has no neighbours
    patches = images[:FEW].unfold(2, size, 1).unfold(3, size, 1)[:, :, ::3, ::3]
    variances, axes = torch.linalg.eigh(patches.reshape(-1, size * size).T.cov())
    filters = (axes / (variances + LEAST).sqrt()).T.flip(0)  # the largest variance first
    filters = filters[: math.ceil(width / 2)].reshape(-1, 1, size, size)
    conv = nn.Conv2d(1, width, size, padding=size // 2, bias=False).requires_grad_(False)
    conv.weight.copy_(torch.cat([filters, -filters])[:width])
    return conv


class Alternating(TensorLoader):
    """Mirror half of the images, drawn once; in the next epoch the other half, and so on.

    In two epochs each image is seen both ways, which a coin does not promise. Jordan.
    """

    def __init__(self, images, labels, batch_size, *, generator, **options):
        heads = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5
        images = torch.where(heads.to(images.device), images.flip(-1), images)
        super().__init__(images, labels, batch_size, generator=generator, **options)

    def __iter__(self):
        self.images = self.images.flip(-1)
        return super().__iter__()


def views(batch):
    """Return (weight, images) pairs: as they are, and shifted by a pixel along a diagonal."""
    padded = pad(batch, (1, 1, 1, 1), mode="replicate")
    return [(2, batch), (1, padded[..., :-2, :-2]), (1, padded[..., 2:, 2:])]


@torch.no_grad()
def accuracy(model, loader, tta=True):
    """Return the accuracy; with `tta`, test-time augmentation, each image is asked six times.

    As it is and shifted, each mirrored, too, and the logits are added up. Page, part 8; Jordan.
    """
    model.eval()
    hits = 0
    for batch, goal in loader:
        asked = views(batch) if tta else [(1, batch)]
        sides = (False, True) if tta else (False,)
        logits = sum(
            weight * model(images.flip(-1) if side else images)
            for weight, images in asked
            for side in sides
        )
        hits += (logits.argmax(dim=1) == goal).sum().item()
    return hits / len(loader.labels)
