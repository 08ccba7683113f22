"""A checkpoint fits and is whole, or is refused with an error that names it; nothing changes."""

import errno
import io
import os
import random
from itertools import count

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import ExponentialLR, LinearLR, OneCycleLR, SequentialLR

from tests.training.killed_run import same
from tests.training.test_loop import network, one_thread, pictures, weights  # noqa: F401
from utils.training import CheckpointError, TensorLoader, fit, load_checkpoint, save_checkpoint


def prepare(model=None, optimizer=None, scheduler=None, generator=True):
    """What a checkpoint is written from and read into, as arguments of both."""
    model = network() if model is None else model
    optimizer = optimizer(model) if optimizer else Adam(model.parameters(), 0.01)
    order = torch.Generator().manual_seed(4) if generator else None
    loader = TensorLoader(*pictures(), 8, shuffle=True, generator=order)
    return {
        "model": model, "optimizer": optimizer, "loaders": [loader, None],
        "scheduler": scheduler(optimizer) if scheduler else None,
    }  # fmt: skip


def state(parts):
    """All that a load could change, copied."""
    file = io.BytesIO()
    scheduler, generator = parts["scheduler"], parts["loaders"][0].generator
    numbers = np.random.get_state()
    torch.save([
        parts["model"].state_dict(), parts["optimizer"].state_dict(),
        scheduler and scheduler.state_dict(), generator and generator.get_state(),
        random.getstate(), numbers[1].tolist(), numbers[2:], torch.get_rng_state(),
    ], file)  # fmt: skip
    return torch.load(io.BytesIO(file.getvalue()))


def trained(**options):
    parts = prepare(**options)
    run = {name: parts[name] for name in ("model", "optimizer", "scheduler")}
    fit(**run, train_loader=parts["loaders"][0], num_epochs=1, progress=False)
    return parts


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "run.pt"
    save_checkpoint(path, **trained(), history=[{"epoch": 1}], step=4)
    return path


def refused(path, *words, **options):
    parts = prepare(**options)
    before = state(parts)
    with pytest.raises(CheckpointError) as error:
        load_checkpoint(path, **parts)
    for word in (str(path), *words):
        assert word in str(error.value)
    assert same(state(parts), before)


# --- what is read and written


def test_loading_puts_everything_back(path):
    source = trained()
    random.seed(7)
    save_checkpoint(path, **source, history=[{"epoch": 1, "train_loss": 0.5}], step=4)
    expected = state(source)
    parts = prepare()
    random.random(), np.random.random(), torch.rand(1)
    assert not same(state(parts), expected)
    found = load_checkpoint(path, **parts)
    assert same(state(parts), expected)
    assert found == {"epoch": 1, "step": 4, "history": [{"epoch": 1, "train_loss": 0.5}],
                     "version": 1, "torch": torch.__version__}  # fmt: skip


def test_for_the_model_alone_nothing_else_is_needed_or_changed(path):
    parts = prepare()
    _, *before = state(parts)
    assert load_checkpoint(str(path), parts["model"])["epoch"] == 1
    model, *after = state(parts)
    assert same(after, before)
    assert same(model, torch.load(path, weights_only=True)["model"])  # torch reads it, too
    assert not same(model, network().state_dict())


# --- checkpoints of other runs


def without_layer(index):
    return nn.Sequential(*[part for n, part in enumerate(network()) if n != index])


def groups(*splits):
    """Adam with the model's parameters in these groups, by their numbers."""

    def build(model):
        parameters = list(model.parameters())
        return Adam([{"params": [parameters[n] for n in numbers]} for numbers in splits], 0.01)

    return build


def one_cycle(optimizer):
    return OneCycleLR(optimizer, 0.1, 20)


def two(*kinds):
    return lambda optimizer: SequentialLR(optimizer, [kind(optimizer) for kind in kinds], [3])


def exponential(optimizer):
    return ExponentialLR(optimizer, 0.9)


OTHERS = [
    ({"model": without_layer(2)}, "2.weight ('torch.float32', (8,))", "has 4.weight ("),
    ({"model": network().append(nn.Linear(3, 2))}, "holds nothing more", "has 6.weight"),
    ({"model": nn.Sequential(nn.Flatten(), nn.Linear(12, 9))}, "(8, 12)", "(9, 12)"),
    ({"model": network().double()}, "1.weight ('torch.float32'", "1.weight ('torch.float64'"),
    ({"optimizer": lambda model: SGD(model.parameters(), 0.01)}, "kind Adam", "kind SGD"),
    ({"optimizer": groups([0, 1], [2, 3, 4, 5])}, "2.weight in group 0", "2.weight in group 1"),
    ({"optimizer": groups([0, 1, 3, 2, 4, 5])}, "holds 2.weight in", "has 2.bias in"),
    ({"optimizer": groups([0, 1, 2, 3, 4])}, "5.bias in group 0", "has nothing more"),
    ({"scheduler": one_cycle}, "the scheduler", "holds kind None", "has kind OneCycleLR"),
    ({"generator": False}, "the loaders", "holds generators 1", "has generators 0"),
]


@pytest.mark.parametrize("case", OTHERS)
def test_a_checkpoint_of_another_run_is_refused(case, path):
    options, *words = case
    refused(path, "belongs to another run", *words, **options)


SCHEDULES = [
    (one_cycle, None, "kind OneCycleLR", "kind None"),
    (one_cycle, exponential, "kind OneCycleLR", "kind ExponentialLR"),
    (two(exponential, LinearLR), two(LinearLR, exponential), "SequentialLR(LinearLR, Exp"),
]


@pytest.mark.parametrize("case", SCHEDULES)
def test_a_checkpoint_with_another_schedule_is_refused(case, path):
    before, now, *words = case
    save_checkpoint(path, **prepare(scheduler=before))
    refused(path, *words, scheduler=now)
    load_checkpoint(path, **prepare(scheduler=before))


# --- checkpoints that cannot be written


def no_space(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_on_a_full_disk_the_old_checkpoint_stays(call, path, monkeypatch):
    old = path.read_bytes()
    monkeypatch.setattr(os, call, no_space)
    with pytest.raises(CheckpointError) as error:
        save_checkpoint(path, **prepare())
    for word in f"cannot write {path}", "No space left", "Free some space":
        assert word in str(error.value)
    assert path.read_bytes() == old
    assert os.listdir(path.parent) == [path.name]


def test_what_could_not_be_read_again_is_not_written(path):
    old = path.read_bytes()
    rates = np.logspace(-3, -1, 3)
    for parts in (
        prepare(optimizer=lambda model: SGD(model.parameters(), rates[1])),
        prepare(scheduler=lambda optimizer: OneCycleLR(optimizer, rates[2], 20)),
    ):
        with pytest.raises(CheckpointError, match=r"is not written.*numpy.*float\(learning_rate\)"):
            save_checkpoint(path, **parts)
    assert path.read_bytes() == old


def fit_to(path):
    """Let fit train until it fails; return the weights before and after."""
    parts = prepare()
    before = weights(parts["model"])
    loader = parts.pop("loaders")[0]
    with pytest.raises(CheckpointError) as error:
        fit(**parts, train_loader=loader, num_epochs=2, checkpoint=path)
    assert str(path) in str(error.value)
    return before, weights(parts["model"])


def test_where_nothing_can_be_written_fit_does_not_begin(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    for place in blocked / "run.pt", blocked / "deeper" / "run.pt", tmp_path:
        assert same(*fit_to(place))


def test_where_nothing_more_can_be_written_fit_does_not_go_on(path, monkeypatch):
    reached = torch.load(path, weights_only=True)["model"]
    monkeypatch.setattr(os, "fsync", no_space)
    assert same(dict(reached), fit_to(path)[1])


def test_when_the_disk_is_full_the_last_epoch_s_checkpoint_stays(tmp_path, monkeypatch):
    path, calls, fsync = tmp_path / "run.pt", count(1), os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (fsync if next(calls) < 3 else no_space)(file))
    fit_to(path)
    assert load_checkpoint(path, network())["epoch"] == 1
    assert os.listdir(tmp_path) == ["run.pt"]


def test_a_finished_run_says_that_nothing_is_left(tmp_path, capsys):
    parts = prepare()
    run = {name: parts[name] for name in ("model", "optimizer", "scheduler")}
    how = {"train_loader": parts["loaders"][0], "num_epochs": 1, "progress": False}
    for _ in range(2):
        history = fit(**run, **how, checkpoint=tmp_path / "run.pt")
    assert len(history) == 1
    assert "1 epochs of 1 are done; there is nothing left to do" in capsys.readouterr().out
