"""The training loop of chapter 07, with what keeps it safe: checks, checkpoints, a log."""

import os
import random
import time
from contextlib import contextmanager, nullcontext
from operator import length_hint

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from tqdm.auto import tqdm

from utils.training.checkpoints import load_checkpoint, random_states_kept, save_checkpoint
from utils.training.devices import device_of
from utils.training.refusals import (
    batches,
    checked_loss,
    require_alone,
    require_batches,
    require_fit,
    require_made,
    require_steps,
    require_trainable,
    require_whole,
)
from utils.training.tally import Tally, count

LOOK = 50  # batches between two looks at the loss: each look waits for the device


def seed_everything(seed):
    """Seed the random numbers of Python, NumPy and torch, the latter on every device.

    Raises ValueError unless `seed` is a whole number from 0 to 4294967295.
    """
    seed = require_whole("seed", seed, 0, 2**32 - 1)
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def fit(
    model, train_loader, validation_loader=None, *, optimizer, num_epochs, scheduler=None,
    loss_fn=cross_entropy, device=None, checkpoint=None, settings="same", log_dir=None,
    progress=True,
):  # fmt: skip
    """Train the model and return its history: a list with a dict for each epoch.

    The loaders give images (N, ...) and labels (N,) of int64, the model gives logits (N, classes)
    and `loss_fn(logits, labels)` the mean loss of a batch. A record has epoch, train_loss and
    train_accuracy (of the batches as they were learnt from), validation_loss and
    validation_accuracy (None without a loader), learning_rate (of the last batch) and seconds.

    The scheduler steps after every batch: count its lengths in batches. The device is the
    model's own unless one is named. `checkpoint` names a file, written before the first and
    after every epoch; if it is there already, training goes on from it, with the same `settings`
    or, if they are "new", with those of this run, see load_checkpoint. `log_dir` names a folder
    for TensorBoard. Ctrl-C ends training and returns the history of the finished epochs; the
    model then has part of an epoch more in it.

    Raises ValueError or TypeError for what cannot be trained (an empty loader, labels out of
    range, shapes that do not fit, an optimizer of another model), FloatingPointError when loss or
    parameters are no longer finite, CheckpointError when the checkpoint cannot be written or used.
    """
    loaders = [train_loader, validation_loader]
    require_trainable(model, optimizer, scheduler, num_epochs, loaders, loss_fn)
    device = device_of(model) if device is None else device
    model.to(device)
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "loaders": loaders}
    history, step = [], 0
    if checkpoint and os.path.exists(checkpoint):
        found = load_checkpoint(checkpoint, **parts, settings=settings)
        history, step = found["history"], found["step"]
        done = f"{checkpoint}: {len(history)} epochs of {num_epochs} are done"
        print(done if len(history) < num_epochs else f"{done}; there is nothing left to do")
    total = num_epochs * length_hint(train_loader) or None
    if scheduler and total and step < total:
        require_steps(scheduler, optimizer, total - step)
    bar = tqdm(total=total, initial=step, unit="batch", disable=not progress)
    with bar, _modes_kept(model), _log(log_dir, len(history)) as log:
        try:
            if checkpoint and len(history) < num_epochs:  # before any work that could be lost
                save_checkpoint(checkpoint, **parts, step=step, history=history)
            for epoch in range(len(history) + 1, num_epochs + 1):
                bar.set_description(f"epoch {epoch} of {num_epochs}")
                tally = Tally(loss_fn, epoch)
                record = _train_epoch(model, *loaders, optimizer, scheduler, device, tally, bar)
                history.append(record)
                step += len(tally.losses)
                if log:
                    _write(log, record)
                if checkpoint:
                    save_checkpoint(checkpoint, **parts, step=step, history=history)
        except KeyboardInterrupt:
            print(f"Interrupted: the history holds {len(history)} whole epochs.")
    return history


def _train_epoch(model, train_loader, validation_loader, optimizer, scheduler, device, tally, bar):
    start, loss_fn = time.perf_counter(), tally.loss_fn
    model.train()
    for images, labels, given in batches(train_loader, device):
        if not tally.losses:
            require_alone(model, images[:1], train_loader)
        optimizer.zero_grad()
        logits = model(images)
        require_fit(loss_fn, logits, labels, given)
        loss = checked_loss(loss_fn, logits, labels)
        loss.backward()
        optimizer.step()
        tally.add(loss, logits, labels, optimizer.param_groups[0]["lr"])
        if scheduler:
            scheduler.step()
        bar.update()
        if len(tally.losses) % LOOK == 0:
            bar.set_postfix(loss=tally.look()[-1].item())
    require_batches(len(tally.losses))
    train_loss, train_accuracy = tally.means()
    tally.require_finite(model)
    held_out = (None, None)
    if validation_loader is not None:
        with random_states_kept([train_loader]):  # looking does not change what is learnt
            held_out = evaluate(model, validation_loader, loss_fn=loss_fn, device=device)
    return {
        "epoch": tally.epoch,
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
    The loss is that of all logits and labels at once, whatever the batches: for a loss with
    weights their mean by weight. The device is the model's own unless one is named. Raises
    ValueError or TypeError for an empty loader, labels out of range, what is no pair of logits
    and labels, and a loss that sums.
    """
    require_made(model=model, loss_fn=loss_fn)
    device = device_of(model) if device is None else device
    found = []
    with _modes_kept(model), torch.no_grad():
        model.eval()
        for images, labels, given in batches(loader, device):
            logits = model(images)
            require_fit(loss_fn, logits, labels, given)
            found.append((logits, labels))
        require_batches(len(found))
        logits, labels = map(torch.cat, zip(*found, strict=True))
        loss = checked_loss(loss_fn, logits, labels).item()
        right, counted, _ = count(loss_fn, logits, labels)
    return loss, right.item() / int(counted)


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


def _write(log, record):
    """Called before the checkpoint is written, so that resuming leaves no gap in the curves."""
    for name, value in record.items():
        if value is not None and name != "epoch":
            log.add_scalar(name, value, record["epoch"])
    log.flush()
