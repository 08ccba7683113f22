"""How long work takes on a device: warmed up, waited for, and repeated."""

import time

import torch


def synchronize(device):
    """Wait until `device` has done all that it was asked to do; the CPU always has."""
    kind = torch.device(device).type
    if kind == "cuda":
        torch.cuda.synchronize(device)
    elif kind == "mps":
        torch.mps.synchronize()


def time_calls(work, *, device="cpu", repeats=5, warmup=1):
    """Return the seconds that each of `repeats` calls of `work` took, as a list of floats.

    `work` takes no argument. It is first called `warmup` times, which do not count: the first
    call of anything also allocates, loads and chooses. The clock stops when `device` has
    finished, not when it has been asked. Raises ValueError unless repeats is at least 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, got {repeats!r}")
    for _ in range(warmup):
        work()
    seconds = []
    for _ in range(repeats):
        synchronize(device)
        start = time.perf_counter()
        work()
        synchronize(device)
        seconds.append(time.perf_counter() - start)
    return seconds
