"""Trainings killed at random moments, and taken up again until they are done.

    python -m tests.training.killed_run FOLDER SEED...

PyTorch is imported once; each life of a training is a fork, which ends by itself or by SIGKILL.
Prints as JSON how many kills there were, and whatever was not as in a training left in peace.
"""

import io
import json
import os
import random
import signal
import sys
import time
import traceback
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from utils.datasets import fetch
from utils.training import CheckpointError, TensorLoader, fit, load_checkpoint, seed_everything

EPOCHS, BATCHES = 5, 4


class SlowDisk(io.FileIO):
    """Writes as a disk does that takes longer for a checkpoint than the training for an epoch."""

    def write(self, data):
        for start in range(0, len(data), 1 << 16):
            time.sleep(0.002)
            super().write(data[start : start + (1 << 16)])


def network():
    return nn.Sequential(nn.Linear(64, 500), nn.BatchNorm1d(500), nn.Dropout(), nn.Linear(500, 3))


def train(path, seed):
    seed_everything(seed)
    images, labels = torch.randn(8 * BATCHES - 3, 64), torch.randint(3, (8 * BATCHES - 3,))
    if seed % 2:
        loader = DataLoader(TensorDataset(images, labels), batch_size=8, shuffle=True)
    else:
        order = torch.Generator().manual_seed(seed)
        loader = TensorLoader(images, labels, 8, shuffle=True, generator=order)
    model = network()
    optimizer = torch.optim.Adam(model.parameters())
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, EPOCHS * BATCHES)
    fit(model, loader, loader, optimizer=optimizer, scheduler=scheduler, num_epochs=EPOCHS,
        checkpoint=path, progress=False)  # fmt: skip


def live(path, seed, moment=float("inf"), writing=0):
    """Fork a life; kill it after `moment` seconds, of the `writing`-th checkpoint if one is named.

    Return None if it ended before that, else whether the kill left a checkpoint half written.
    """
    part = path.with_name(path.name + ".part")
    before = changed(part)
    pid = os.fork()
    if not pid:
        try:
            fetch.open = SlowDisk
            train(path, seed)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    start, there = time.monotonic(), bool(before)
    while (ended := os.waitpid(pid, os.WNOHANG)) == (0, 0):
        if writing and part.exists() != there:
            there = not there
            writing -= there
            start = time.monotonic()
        if not writing and time.monotonic() - start >= moment:
            os.kill(pid, signal.SIGKILL)
            ended = os.waitpid(pid, 0)
            break
        time.sleep(0.0002)
    if ended[1] == 0:
        return None
    assert os.WIFSIGNALED(ended[1]), f"a life with seed {seed} failed by itself"
    return changed(part) not in (None, before)


def changed(path):
    """Return when the file was last written, None where there is none."""
    return path.stat().st_mtime_ns if path.exists() else None


def same(one, other):
    """Tell whether two nests of dicts, sequences, tensors and values are equal, bit for bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        one, other = list(one.items()), list(other.items())
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def final(path):
    """Return all that a checkpoint holds but how long the epochs took."""
    state = torch.load(path, weights_only=True)
    for record in state["history"]:
        del record["seconds"]
    return state


def kill_until_done(path, seed, duration):
    """Train under kills until the end; return for each whether a checkpoint was half written.

    Raises ValueError if after a kill the checkpoint is not whole, or epochs behind.
    """
    rng, kills, epoch = random.Random(seed), [], 0
    while True:
        if rng.random() < 0.5:
            half = live(path, seed % 2, rng.uniform(0, 0.02), writing=rng.randint(1, EPOCHS))
        else:
            half = live(path, seed % 2, rng.uniform(0, duration))
        if half is None and kills:
            return kills
        if half is None:  # ended before its moment: once more from the start
            path.unlink()
            continue
        kills.append(half)
        if path.exists():
            before, epoch = epoch, load_checkpoint(path, network())["epoch"]
            if epoch < before:
                raise ValueError(f"{path} fell back from epoch {before} to {epoch}")
        elif epoch:
            raise ValueError(f"{path} is gone after epoch {epoch}")


def main(folder, seeds):
    kills, wrong, peace = [], [], {}
    for parity in 0, 1:
        start = time.monotonic()
        live(folder / f"peace{parity}", parity)
        peace[parity] = final(folder / f"peace{parity}"), time.monotonic() - start
    for seed in seeds:
        path = folder / f"run{seed}"
        expected, duration = peace[seed % 2]
        try:
            kills += kill_until_done(path, seed, duration)
            if not same(final(path), expected):
                wrong.append(f"seed {seed} has another end")
        except (CheckpointError, ValueError) as error:
            wrong.append(f"seed {seed}: {error}")
    print(json.dumps({"kills": len(kills), "while writing": sum(kills), "wrong": wrong}))


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.optim.Adam(network().parameters())  # imports what would take each life seconds
    main(Path(sys.argv[1]), [int(seed) for seed in sys.argv[2:]])
