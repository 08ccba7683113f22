"""The ladder: what a rung changes, and that it changes nothing else."""

import multiprocessing

import pytest
import torch
from torch.utils.data import TensorDataset

from tools.bench_ladder import RUNGS
from utils.models import FashionNet
from utils.training import TensorLoader, accuracy_after, images_per_second, running
from utils.training.ladder import PLAIN, Run

IMAGES = torch.randn(60, 1, 28, 28, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(60) % 10
DATA = TensorDataset(IMAGES, LABELS), (IMAGES, LABELS), "cpu"
SMALL = {"batch_size": 20, "wait": False}


def weights_after(steps, **settings):
    with running(*DATA, **SMALL | settings) as run:
        run.steps(steps)
        return [parameter.detach().clone() for parameter in run.model.parameters()]


def test_one_step_is_that_of_plain_pytorch():
    torch.manual_seed(0)
    model = FashionNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    torch.nn.functional.cross_entropy(model(IMAGES), LABELS).backward()
    optimizer.step()
    ours = weights_after(1, batch_size=60, resident=True)
    pairs = zip(ours, model.parameters(), strict=True)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in pairs)


def test_waiting_changes_no_weight():
    pairs = zip(weights_after(4), weights_after(4, wait=True), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("change", [{}, {"workers": 1, "pinned": True}, {"resident": True}])
def test_an_epoch_holds_every_image_once(change):
    with running(*DATA, **SMALL | change) as run:
        seen = torch.cat([images for images, _ in run.loader]).sum(dim=(1, 2, 3))
    assert torch.equal(seen.sort().values, IMAGES.sum(dim=(1, 2, 3)).sort().values)


def test_channels_last_changes_roundings_only():
    pairs = zip(
        weights_after(2, resident=True),
        weights_after(2, resident=True, channels_last=True),
        strict=True,
    )
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in pairs)


def test_workers_are_gone_afterwards():
    weights_after(2, workers=1)
    assert not multiprocessing.active_children()


def test_the_batches_go_on_after_the_last_one():
    with running(*DATA, **SMALL, resident=True) as run:
        run.steps(10)  # three batches an epoch
    assert run.batches is None


def test_every_rung_changes_a_setting_that_there_is():
    assert all(change.keys() <= PLAIN.keys() for change in RUNGS.values())
    with pytest.raises(ValueError, match="no such setting: chanels_last; there are wait, "):
        Run(*DATA, chanels_last=True)


def test_rates_are_sorted_and_positive():
    rates = images_per_second(*DATA, images=40, repeats=3, **SMALL)
    assert len(rates) == 3 and rates == sorted(rates) and rates[0] > 0


def test_a_schedule_that_is_asked_for_is_timed(monkeypatch):
    stepped, step = [], torch.optim.lr_scheduler.OneCycleLR.step
    monkeypatch.setattr(
        torch.optim.lr_scheduler.OneCycleLR, "step", lambda self: stepped.append(1) or step(self)
    )
    images_per_second(*DATA, images=40, repeats=1, **SMALL)
    assert not stepped
    images_per_second(*DATA, images=40, repeats=1, **SMALL, one_cycle=True)
    assert len(stepped) > 4


def test_one_cycle_ends_with_its_last_step_and_learns():
    judges = TensorLoader(IMAGES, LABELS, 60)
    how = {**SMALL, "resident": True, "one_cycle": True, "max_lr": 0.01}
    assert accuracy_after(30, *DATA[:2], judges, "cpu", **how) > 0.9  # sixty images by heart
