"""What the course learns in the seconds that study notes' ten epochs take, for `bench`.

ResidualNet is larger than FashionNet and learns more in an epoch, so it gets as many epochs as fit
into that time. Nothing else is changed: float32, and the test images are asked as they are.
"""

import time

import torch
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

from tools.bench_loops import fitted, prepared, timed
from utils.models import ResidualNet
from utils.training import TensorLoader, fit, mirrored, seed_everything

# chosen as bench_loops.SHORT was
WIDTH, BATCH_SIZE, MAX_LR = 16, 250, 0.01
TRIAL = 10  # steps, from which it is known how long an epoch takes
SPARE = 0.04  # of the seconds, since the trial is short


def residual(images, labels, seed, epochs):
    """Return model, loader and what else `fit` takes."""
    seed_everything(seed)
    model = ResidualNet(1, WIDTH).to(memory_format=torch.channels_last)
    loader = TensorLoader(
        images, labels, min(BATCH_SIZE, len(images)), shuffle=True, drop_last=True,
        generator=torch.Generator().manual_seed(seed), transform=mirrored,
    )  # fmt: skip
    optimizer = torch.optim.AdamW(model.parameters(), lr=MAX_LR, weight_decay=0.05, fused=True)
    scheduler = OneCycleLR(optimizer, MAX_LR, total_steps=epochs * len(loader))
    loss_fn = nn.CrossEntropyLoss(label_smoothing=0.1)
    return model, loader, {"optimizer": optimizer, "scheduler": scheduler, "loss_fn": loss_fn}


def step_seconds(images, labels):
    """Return how long a step takes with some of the images, after as many to warm up."""
    few = TRIAL * BATCH_SIZE
    model, loader, others = residual(images[:few], labels[:few], seed=0, epochs=2)

    def train():
        fit(model, loader, **others, num_epochs=1, progress=False)

    train()
    return timed(train) / len(loader)


def in_time(seed, allowed, images):
    """Train for as many epochs as fit into the allowed seconds, and for one at least.

    The preparation of the tensors and the trial of a few steps belong to those seconds.
    """
    tensors, test_tensors, preparation = prepared(images)
    start = time.perf_counter()
    one = step_seconds(*tensors) * max(1, len(tensors[0]) // BATCH_SIZE)
    preparation += time.perf_counter() - start
    epochs = max(1, int((allowed * (1 - SPARE) - preparation) / one))
    run = fitted(f"in_time, seed {seed}", epochs, test_tensors, *residual(*tensors, seed, epochs))
    return {"allowed_seconds": allowed, "preparation_seconds": preparation} | run
