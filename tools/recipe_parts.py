"""The ingredients of `recipe`, each from a known fast recipe for CIFAR-10.

Page: David Page, "How to train your ResNet" (2018), for DAWNBench's race to 94 %.
Jordan: Keller Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU" (2024), arXiv:2404.00498.
"""

import math

import torch
from torch import nn

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


@torch.no_grad()
def accuracy(model, loader, tta=True):
    """Return the accuracy; with `tta`, test-time augmentation, each image is asked twice.

    As it is and mirrored, and the logits are added up. Page, part 8; Jordan.
    """
    model.eval()
    hits = 0
    for batch, goal in loader:
        logits = model(batch)
        if tta:
            logits = logits + model(batch.flip(-1))
        hits += (logits.argmax(dim=1) == goal).sum().item()
    return hits / len(loader.labels)
