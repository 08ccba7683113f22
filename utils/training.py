"""The training loop of chapter 07, with what keeps it safe: checks, checkpoints, a log."""

import os
import random
import time
from contextlib import contextmanager, nullcontext
from itertools import chain
from operator import length_hint
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from utils.checkpoints import CheckpointError, load_checkpoint, save_checkpoint
from utils.tally import Tally, checked_loss, require_trainable

__all__ = [
    "CheckpointError",
    "evaluate",
    "fit",
    "load_checkpoint",
    "pick_device",
    "save_checkpoint",
    "seed_everything",
]
LOOK = 50  # batches between two looks at the loss: each look waits for the device


def seed_everything(seed):
    """Seed the random numbers of Python, NumPy and torch, the latter on every device.

    Raises ValueError unless `seed` is a whole number from 0 to 2**32 - 1.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"seed must be a whole number from 0 to 2**32 - 1, got {seed!r}")
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def pick_device():
    """Return the torch.device to train on: COURSE_DEVICE if set, else cuda, else mps, else cpu.

    Raises ValueError if COURSE_DEVICE names a device that is not there.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    found = [name for name, available in there.items() if available] + ["cpu"]
    wanted = os.environ.get("COURSE_DEVICE") or found[0]
    if wanted.partition(":")[0] not in found:
        choice = " or ".join(found)
        raise ValueError(f"COURSE_DEVICE is {wanted!r}; on this machine it can be {choice}")
    return torch.device(wanted)


def fit(
    model, train_loader, validation_loader=None, *, optimizer, num_epochs, scheduler=None,
    loss_fn=cross_entropy, device=None, checkpoint=None, log_dir=None, progress=True,
):  # fmt: skip
    """Train the model and return its history: a list with a dict for each epoch.

    The loaders give images (N, ...) and labels (N,) of int64, the model gives logits (N, classes)
    and `loss_fn(logits, labels)` the mean loss of a batch. A record has epoch, train_loss and
    train_accuracy (of the batches as they were learnt from), validation_loss and
    validation_accuracy (None without a loader), learning_rate (of the last batch) and seconds.

    The scheduler steps after every batch: count its lengths in batches. The device is the
    model's own unless one is named. `checkpoint` names a file, written before the first and
    after every epoch; if it is there already, training goes on from it. `log_dir` names a folder
    for TensorBoard. Ctrl-C ends training and returns the history of the finished epochs.

    Raises ValueError for what cannot be trained (an empty loader, labels out of range, shapes
    that do not fit, an optimizer of another model), FloatingPointError when loss or parameters
    are no longer finite, CheckpointError when the checkpoint cannot be written or used.
    """
    require_trainable(model, optimizer, scheduler, num_epochs)
    device = device_of(model) if device is None else torch.device(device)
    model.to(device)
    loaders = [train_loader, validation_loader]
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "loaders": loaders}
    history, step = [], 0
    if checkpoint and Path(checkpoint).exists():
        found = load_checkpoint(checkpoint, **parts)
        history, step = found["history"], found["step"]
        print(f"{checkpoint}: going on after epoch {len(history)} of {num_epochs}")
    elif checkpoint:
        save_checkpoint(checkpoint, **parts)
    total = num_epochs * length_hint(train_loader) or None
    bar = tqdm(total=total, initial=step, unit="batch", disable=not progress)
    with bar, _modes_kept(model), _log(log_dir, len(history)) as log:
        try:
            for epoch in range(len(history) + 1, num_epochs + 1):
                bar.set_description(f"epoch {epoch} of {num_epochs}")
                history.append(
                    _train_epoch(model, *loaders, optimizer, scheduler, loss_fn, device, epoch, bar)
                )
                if checkpoint:
                    save_checkpoint(checkpoint, **parts, step=bar.n, history=history)
                for name, value in history[-1].items() if log else ():
                    if value is not None:
                        log.add_scalar(name, value, epoch)
        except KeyboardInterrupt:
            print(f"Interrupted in epoch {epoch}; the history holds {len(history)} whole epochs.")
    return history


def _train_epoch(
    model, train_loader, validation_loader, optimizer, scheduler, loss_fn, device, epoch, bar
):
    start, tally = time.perf_counter(), Tally(epoch)
    model.train()
    for images, labels in train_loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        logits = model(images)
        loss = checked_loss(loss_fn, logits, labels)
        loss.backward()
        optimizer.step()
        tally.add(loss, logits, labels, optimizer.param_groups[0]["lr"])
        if scheduler:
            scheduler.step()
        bar.update()
        if len(tally.sizes) % LOOK == 0:
            bar.set_postfix(loss=tally.look()[-1].item())
    train_loss, train_accuracy = tally.means()
    tally.require_finite(model)
    held_out = (None, None)
    if validation_loader is not None:
        held_out = evaluate(model, validation_loader, loss_fn=loss_fn, device=device)
    return {
        "epoch": epoch,
        "train_loss": train_loss,
        "train_accuracy": train_accuracy,
        "validation_loss": held_out[0],
        "validation_accuracy": held_out[1],
        "learning_rate": tally.learning_rates[-1],
        "seconds": time.perf_counter() - start,
    }


def evaluate(model, loader, *, loss_fn=cross_entropy, device=None):
    """Return (loss, accuracy) of the model on all that the loader gives, as two floats.

    The model computes in evaluation mode, without gradients, and is put back into its mode.
    Both are means over the images, whatever the batches' sizes. The device is the model's own
    unless one is named. Raises ValueError for an empty loader, labels out of range and shapes
    that do not fit.
    """
    device = device_of(model) if device is None else torch.device(device)
    tally = Tally()
    with _modes_kept(model), torch.inference_mode():
        model.eval()
        for images, labels in loader:
            images, labels = images.to(device), labels.to(device)
            logits = model(images)
            tally.add(checked_loss(loss_fn, logits, labels), logits, labels)
    return tally.means()


def device_of(model):
    """Return the device of the model's first parameter or buffer, the CPU if it has none."""
    held = chain(model.parameters(), model.buffers())
    return next((tensor.device for tensor in held), torch.device("cpu"))


@contextmanager
def _modes_kept(model):
    modes = {module: module.training for module in model.modules()}
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training


def _log(log_dir, epochs_done):
    """Return TensorBoard's writer; what an interrupted run wrote later than that is dropped."""
    if log_dir is None:
        return nullcontext()
    from torch.utils.tensorboard import SummaryWriter  # takes a second; few runs need it

    return SummaryWriter(log_dir, purge_step=epochs_done + 1)
