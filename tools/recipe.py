"""Train ResidualNet on Fashion-MNIST as fast as the course knows how, and say how well it does.

    python -m tools.recipe --epochs 24

The network sees mirrored and shifted images, with one-cycle and smoothed labels; the test images
are asked as they are and mirrored. Reading and testing are not timed.
"""

import argparse
import sys
import time

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

from utils.datasets import fashion_mnist
from utils.models import ResidualNet
from utils.training import (
    TensorLoader,
    as_tensors,
    fit,
    mirrored,
    pick_device,
    seed_everything,
    shifted,
    synchronize,
)

MEAN, STD = 0.2860, 0.3530


def recipe(images, labels, *, epochs, width=32, batch_size=250, max_lr=0.01, seed=0):
    """Return model, loader and what else `fit` takes."""
    seed_everything(seed)
    model = ResidualNet(1, width).to(images.device, memory_format=torch.channels_last)
    loader = TensorLoader(
        images, labels, batch_size, shuffle=True, drop_last=True,
        generator=torch.Generator().manual_seed(seed),
        transform=lambda batch: shifted(mirrored(batch)),
    )  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), lr=max_lr, weight_decay=0.05, fused=True)
    schedule = OneCycleLR(optimizer, max_lr, total_steps=epochs * len(loader))
    loss_fn = nn.CrossEntropyLoss(label_smoothing=0.1)
    return model, loader, {"optimizer": optimizer, "scheduler": schedule, "loss_fn": loss_fn}


@torch.no_grad()
def accuracy(model, loader):
    """Return the accuracy when each image is asked twice, as it is and mirrored."""
    model.eval()
    hits = sum(
        ((model(batch) + model(batch.flip(-1))).argmax(dim=1) == goal).sum().item()
        for batch, goal in loader
    )
    return hits / len(loader.labels)


def train(device, images=60_000, *, epochs, **options):
    """Train with the first `images` on the device; return accuracy, seconds and rate."""
    pictures, labels = as_tensors(fashion_mnist(True), MEAN, STD, device)
    test_set = fashion_mnist(False)
    test_loader = TensorLoader(*as_tensors(test_set, MEAN, STD, device), 500)
    model, loader, how = recipe(pictures[:images], labels[:images], epochs=epochs, **options)
    synchronize(device)
    start = time.perf_counter()
    fit(model, loader, num_epochs=epochs, progress=sys.stderr.isatty(), **how)
    synchronize(device)
    seconds = time.perf_counter() - start
    return {
        "data": test_set.source,
        "epochs": epochs,
        "seconds": seconds,
        "images_per_second": epochs * len(loader) * loader.batch_size / seconds,
        "test_accuracy": accuracy(model, test_loader),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--width", type=int, default=32, help="channels of the first layer")
    parser.add_argument("--batch-size", type=int, default=250)
    parser.add_argument("--max-lr", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=0)
    options = vars(parser.parse_args())
    device = pick_device()
    done = train(device, **options)
    print(
        f"{done['data']} images, {device}, {options}: test accuracy {done['test_accuracy']:.2%} "
        f"after {done['seconds']:.0f} s, {done['images_per_second']:,.0f} images/s"
    )


if __name__ == "__main__":
    main()
