"""Proofs for `tools.gpu`: what the course says of training holds on this device, bit for bit."""

import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch.nn.functional import cross_entropy

from utils.datasets import fashion_mnist
from utils.models import FashionNet
from utils.training import TensorLoader, as_tensors, fit, seed_everything

FEW = 100  # images whose gradient is compared with the CPU's
NEAR = 1e-10  # how far float64 gradients of two devices may be apart


def proofs(device, images):
    """Return {"proofs": {what was to be shown: whether it holds, None if it cannot be tried}}."""
    pictures, labels = as_tensors(fashion_mnist(True), 0.2860, 0.3530, device)
    pictures, labels = pictures[:images], labels[:images]
    with deterministic(), TemporaryDirectory() as folder:
        whole = trained(pictures, labels, 2)
        path = Path(folder) / "run.pt"
        trained(pictures, labels, 1, checkpoint=path)
        return {
            "proofs": {
                "trained twice, the same bits": same(whole, trained(pictures, labels, 2)),
                "taken up from a checkpoint, the same bits": same(
                    whole, trained(pictures, labels, 2, checkpoint=path)
                ),
                "the CPU's gradient, in float64": near(device, pictures[:FEW], labels[:FEW]),
            }
        }


@contextmanager
def deterministic():
    """Let the device add in one order, and put its settings back."""
    before = torch.are_deterministic_algorithms_enabled()
    only = torch.is_deterministic_algorithms_warn_only_enabled()
    # read by cuBLAS when it starts, so this wants a process that has not used the GPU yet
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # a refusal would come for poolings whose windows do not overlap, too: the bits shall decide
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=only)


def trained(pictures, labels, epochs, **how):
    """Return FashionNet's parameters after that many epochs, from the same seed each time."""
    seed_everything(0)
    model = FashionNet().to(pictures.device)
    order = torch.Generator().manual_seed(0)
    loader = TensorLoader(pictures, labels, 100, shuffle=True, generator=order)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    fit(model, loader, optimizer=optimizer, num_epochs=epochs, progress=False, **how)
    return [parameter.detach().clone() for parameter in model.parameters()]


def same(left, right):
    return all(map(torch.equal, left, right))


def near(device, pictures, labels):
    """Whether the device and the CPU agree on a gradient, None for a device without float64."""
    if device.type == "mps":
        return None
    found = [gradient(place, pictures, labels) for place in (device, torch.device("cpu"))]
    return bool((found[0] - found[1]).abs().max() < NEAR)


def gradient(device, pictures, labels):
    seed_everything(0)
    model = FashionNet().double().to(device)
    cross_entropy(model(pictures.to(device).double()), labels.to(device)).backward()
    return torch.cat([parameter.grad.flatten().cpu() for parameter in model.parameters()])
