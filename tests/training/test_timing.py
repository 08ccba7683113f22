"""Timing: what is counted, and that the device is waited for."""

import pytest
import torch

from utils.training import synchronize, time_calls, timing


def test_only_the_repeats_are_counted():
    calls = []
    seconds = time_calls(lambda: calls.append(0), repeats=4, warmup=3)
    assert len(calls) == 7 and len(seconds) == 4 and min(seconds) >= 0


def test_the_clock_is_read_only_when_the_device_has_finished(monkeypatch):
    """A queue that takes 5 a job, and a clock that moves when the queue is waited for."""
    now, queued = [0.0], []
    monkeypatch.setattr(timing.time, "perf_counter", lambda: now[0])

    def wait(device):
        now[0] += 5 * len(queued)
        queued.clear()

    monkeypatch.setattr(timing, "synchronize", wait)
    assert time_calls(lambda: queued.append(0), repeats=3, warmup=2) == [5, 5, 5]


def test_each_kind_of_device_has_its_own_wait(monkeypatch):
    asked = []
    monkeypatch.setattr(torch.cuda, "synchronize", asked.append)
    monkeypatch.setattr(torch.mps, "synchronize", lambda: asked.append("mps"))
    for device in ("cpu", "cuda:1", "mps"):
        synchronize(device)
    assert asked == ["cuda:1", "mps"]


@pytest.mark.parametrize("repeats", [0, -1])
def test_no_repeats_are_refused(repeats):
    with pytest.raises(ValueError, match=f"repeats must be at least 1, got {repeats}"):
        time_calls(lambda: None, repeats=repeats)
