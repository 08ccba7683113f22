"""A training that was stopped goes on as if it had not been: bit for bit, however it stopped."""

import json
import os
import random
import subprocess
import sys
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn, optim
from torch.optim import lr_scheduler as schedules
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from tests.chapters import ROOT
from tests.training.killed_run import same
from tests.training.test_loop import KEYS, one_thread, parts, pictures  # noqa: F401
from utils.training import TensorLoader, fit, load_checkpoint, loop, seed_everything

EPOCHS, BATCHES, SIZE = 4, 3, 9
DATASET = TensorDataset(*pictures(26))

OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p, 0.05),
    "momentum": lambda p: optim.SGD(p, 0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda p: optim.Adam(p, 0.01, amsgrad=True),
    "adamw": lambda p: optim.AdamW([{"params": [p[0]], "lr": 0.1}, {"params": p[1:]}], 0.01),
}
SCHEDULERS = {
    "none": lambda o: None,
    "one cycle": lambda o: schedules.OneCycleLR(o, 0.1, EPOCHS * BATCHES),
    "cosine": lambda o: schedules.CosineAnnealingLR(o, 7),
    "steps": lambda o: schedules.MultiStepLR(o, [3, 6, 6, 11]),
    "lambda": lambda o: schedules.LambdaLR(o, lambda batch: 1 / (batch + 1)),
    "sequential": lambda o: schedules.SequentialLR(
        o, [schedules.LinearLR(o, 0.1, 1, 5), schedules.ExponentialLR(o, 0.9)], [6]
    ),
}
LOADERS = {
    "tensors": lambda g: TensorLoader(*DATASET.tensors, SIZE, shuffle=True, generator=g),
    "tensors, torch's numbers": lambda g: TensorLoader(*DATASET.tensors, SIZE, shuffle=True),
    "loader": lambda g: DataLoader(DATASET, SIZE, shuffle=True, generator=g),
    "loader, torch's numbers": lambda g: DataLoader(DATASET, SIZE, shuffle=True),
    "sampler": lambda g: DataLoader(DATASET, SIZE, sampler=RandomSampler(DATASET, generator=g)),
    "weighted": lambda g: DataLoader(
        DATASET, SIZE, sampler=WeightedRandomSampler([1.0, 2.0] * 13, 26, generator=g)
    ),
    "batch sampler": lambda g: DataLoader(
        DATASET, batch_sampler=BatchSampler(RandomSampler(DATASET, generator=g), SIZE, False)
    ),
}


class Noise(nn.Module):
    """Draws from Python and NumPy, which after three batches keep the second number of a pair."""

    def forward(self, x):
        return x + 0.1 * random.gauss(0, 1) + 0.1 * np.random.normal() if self.training else x


def prepare(seed, optimizer="momentum", scheduler="one cycle", loader="loader"):
    """What a new process would build before it calls fit."""
    seed_everything(seed)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(12, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), Noise(),
        nn.Linear(8, 3),
    )  # fmt: skip
    optimizer = OPTIMIZERS[optimizer](list(model.parameters()))
    validation = DataLoader(DATASET, SIZE, shuffle=True, generator=torch.Generator())
    validation.generator.manual_seed(seed + 1)
    return SimpleNamespace(
        model=model, optimizer=optimizer, scheduler=SCHEDULERS[scheduler](optimizer),
        train_loader=LOADERS[loader](torch.Generator().manual_seed(seed)),
        validation_loader=validation, history=[],
    )  # fmt: skip


def train(run, epochs=EPOCHS, **options):
    arguments = {name: value for name, value in vars(run).items() if name != "history"}
    try:
        run.history = fit(**arguments, num_epochs=epochs, progress=False, **options)
    except KeyboardInterrupt:  # which would end pytest
        pytest.fail("fit let Ctrl-C pass")
    return run


def everything(run):
    """All that must be equal at the end, with the next random number of each kind."""
    return {
        "model": run.model.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "scheduler": run.scheduler and run.scheduler.state_dict(),
        "history": [{k: v for k, v in record.items() if k != "seconds"} for record in run.history],
        "random": [random.gauss(0, 1), random.random(), np.random.normal(), np.random.randint(9**9),
                   torch.rand(3), next(iter(run.train_loader)), next(iter(run.validation_loader))],
    }  # fmt: skip


MIXES = [(o, s, loader) for o in OPTIMIZERS for s in SCHEDULERS for loader in ("tensors", "loader")]
MIXES += [
    ("adam", "one cycle", loader) for loader in LOADERS if loader not in ("tensors", "loader")
]


@pytest.mark.parametrize("mix", MIXES, ids="-".join)
def test_stopped_and_continued_is_not_stopped(mix, tmp_path):
    in_peace = everything(train(prepare(1, *mix)))
    stop = 1 + MIXES.index(mix) % (EPOCHS - 1)
    path = tmp_path / "run.pt"
    train(prepare(1, *mix), stop, checkpoint=path)
    assert same(everything(train(prepare(99, *mix), checkpoint=path)), in_peace)
    assert load_checkpoint(path, prepare(5, *mix).model)["step"] == EPOCHS * BATCHES


def test_two_seeds_end_differently():
    """Otherwise the test above could not fail."""
    one, other = everything(train(prepare(1))), everything(train(prepare(99)))
    assert not any(same(one[name], other[name]) for name in ("model", "history", "random"))


def test_a_finished_training_is_only_read(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    ended = everything(train(prepare(1), checkpoint=path))
    monkeypatch.setattr(os, "replace", None)
    for epochs in EPOCHS, 2:
        assert same(everything(train(prepare(99), epochs, checkpoint=path)), ended)


# --- interrupted by Ctrl-C


def pressed_at(call, instead):
    """A function that does what `instead` does, but for one call, which Ctrl-C interrupts."""
    calls = count(1)

    def function(*arguments, **options):
        if next(calls) == call:
            raise KeyboardInterrupt
        return instead(*arguments, **options)

    return function


WRITING = {"save": (torch, "save"), "fsync": (os, "fsync"), "rename": (os, "replace")}


@pytest.mark.parametrize("place", ["loader", "forward", "evaluation", *WRITING])
def test_interrupted_in_epoch_3_and_called_again(place, tmp_path, monkeypatch, capsys):
    in_peace = everything(train(prepare(1, loader="tensors")))
    run, path = prepare(1, loader="tensors"), tmp_path / "run.pt"
    run.model[2].eval()
    modes = [part.training for part in run.model.modules()]
    with monkeypatch.context() as patch:
        if place == "loader":
            patch.setattr(
                run.train_loader, "transform", pressed_at(2 * BATCHES + 2, lambda images: images)
            )
        elif place == "forward":
            patch.setattr(
                run.model[5], "forward", pressed_at(4 * BATCHES + 2, run.model[5].forward)
            )
        elif place == "evaluation":
            patch.setattr(loop, "evaluate", pressed_at(3, loop.evaluate))
        else:  # once before the first epoch, then after each
            owner, name = WRITING[place]
            patch.setattr(owner, name, pressed_at(4, getattr(owner, name)))
        train(run, checkpoint=path)
    epochs = 3 if place in WRITING else 2
    assert [record["epoch"] for record in run.history] == [*range(1, epochs + 1)]
    assert f"Interrupted: the history holds {epochs} whole epochs" in capsys.readouterr().out
    assert [part.training for part in run.model.modules()] == modes
    assert load_checkpoint(path, prepare(2).model)["epoch"] == 2
    assert same(everything(train(run, checkpoint=path)), in_peace)
    assert "2 epochs of 4 are done" in capsys.readouterr().out


@pytest.mark.parametrize("place", WRITING)
def test_interrupted_before_the_first_step(place, tmp_path, monkeypatch):
    run, path = prepare(1), tmp_path / "run.pt"
    owner, name = WRITING[place]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, pressed_at(1, getattr(owner, name)))
        assert train(run, checkpoint=path).history == []
    assert same(run.model.state_dict(), prepare(1).model.state_dict())
    assert not path.exists()


# --- killed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="lives are forks")
def test_killed_at_any_moment_and_started_again(tmp_path):
    """`make kills` does this at new moments each time; the name of a failure holds its seed."""
    wanted = os.environ.get("COURSE_KILLS")
    seeds = random.Random().sample(range(10**6), int(wanted)) if wanted else range(10)
    done = subprocess.run(
        [sys.executable, "-m", "tests.training.killed_run", tmp_path, *map(str, seeds)],
        cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    print("{kills} kills, {while writing} of them while a checkpoint was written".format(**report))
    assert report["wrong"] == []
    assert report["kills"] >= len(seeds)
    assert 0 < report["while writing"] < report["kills"]


# --- TensorBoard


def scalars(folder):
    events = EventAccumulator(str(folder)).Reload()
    tags = events.Tags()["scalars"]
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in tags}


def test_tensorboard_has_each_epoch_once_though_the_run_was_interrupted(tmp_path, monkeypatch):
    logged, replace = [], pressed_at(4, os.replace)  # after three epochs, two checkpoints

    def look_and_replace(*paths):
        logged.append([step for step, _ in scalars(tmp_path / "log").get("train_loss", [])])
        replace(*paths)

    places = {"checkpoint": tmp_path / "run.pt", "log_dir": tmp_path / "log"}
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", look_and_replace)
        assert len(fit(**parts(), num_epochs=4, **places)) == 3
    assert logged == [[], [1], [1, 2], [1, 2, 3]]
    history = fit(**parts(), num_epochs=3, **places)
    history += fit(**parts(), validation_loader=parts()["train_loader"], num_epochs=5, **places)[3:]
    found = scalars(tmp_path / "log")
    assert set(found) == set(KEYS) - {"epoch"}
    for name, values in found.items():
        epochs = [4, 5] if name.startswith("validation") else [1, 2, 3, 4, 5]
        assert [step for step, _ in values] == epochs
        expected = [history[epoch - 1][name] for epoch in epochs]
        assert [value for _, value in values] == pytest.approx(expected)
