"""How many cores a process may really use: a container's quota counts, and torch is told."""

import os
import sys
from contextlib import suppress
from math import ceil
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def available_cores():
    """Return how many cores this process may use, at least 1.

    The least of: the cores it may run on, the quota of its container (cgroups, version 1 and 2;
    parts of a core are rounded up), and CPU_LIMIT, which JupyterHub sets.
    """
    limits = [_runs_on(), *_quotas()]
    with suppress(ValueError):  # not set, or no number
        limits.append(float(os.environ.get("CPU_LIMIT", "")))
    return max(1, ceil(min(limit for limit in limits if limit > 0)))


def respect_quota():
    """Let torch take as many threads as there are cores to use, unless OMP_NUM_THREADS is set.

    torch counts the machine's cores, and 64 threads that share two are many times slower than two.
    """
    cores = available_cores()
    if cores >= _runs_on() or "OMP_NUM_THREADS" in os.environ:
        return
    os.environ["OMP_NUM_THREADS"] = str(cores)  # torch, if it comes later, and other processes
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(min(cores, torch.get_num_threads()))


def _runs_on():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _quotas():
    """Yield the quota of each cgroup that this process is in, in cores."""
    for folder in {CGROUPS, *CGROUPS.glob("cpu"), *_own_cgroups()}:
        with suppress(OSError, ValueError):  # no such file, or "max"
            quota, period = (folder / "cpu.max").read_text().split()
            yield int(quota) / int(period)
        with suppress(OSError, ValueError):
            quota = int((folder / "cpu.cfs_quota_us").read_text())
            yield quota / int((folder / "cpu.cfs_period_us").read_text())


def _own_cgroups():
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            top = CGROUPS / "cpu" if kinds else CGROUPS
            if not kinds or "cpu" in kinds.split(","):
                place = top / path.lstrip("/")
                yield from (place, *place.parents[: len(place.parts) - len(top.parts)])
