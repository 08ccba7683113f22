"""Run one chapter in many kernels at once, as a class on one server; say what it takes.

Seconds run from a kernel's start to its last cell. Memory is PSS: what kernels share counts once.
"""

import argparse
import contextlib
import os
import signal
import statistics
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

from utils.distributed import available_cores

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
PATIENCE = 10  # seconds for a client to notice that its kernel is gone
RESERVE = 0.5e9  # bytes left to the rest of the machine
CONTROL_GROUP = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")


def stop(message):
    sys.exit(f"classroom: {message}")


def find(chapter, folder):
    paths = sorted(folder.glob(f"{chapter}_*.ipynb"))
    if len(paths) != 1:
        stop(f"no chapter {chapter!r} in {folder}; say for example CHAPTER=01.")
    return paths[0]


def free_memory():
    """Return the bytes that may still be used here, in a container no more than it is allowed."""
    free = psutil.virtual_memory().available
    with contextlib.suppress(OSError, ValueError):  # not a container, or one without a limit
        limit, used = (int(path.read_text()) for path in CONTROL_GROUP)
        free = min(free, limit - used)
    return free - RESERVE


def check_memory(learners, needed):
    fit = int(free_memory() // needed)
    if learners > fit:
        stop(
            f"{learners} learners at {needed / 1e9:.1f} GB do not fit: {max(fit, 0)} fit "
            f"({free_memory() / 1e9:.1f} GB are free). Ask for fewer, or close other programs."
        )


def processes():
    """Return this process's descendants: the kernels, and the workers that they started."""
    return psutil.Process().children(recursive=True)


def used_memory():
    total = 0
    for process in processes():
        with contextlib.suppress(psutil.Error):
            memory = process.memory_full_info()
            total += getattr(memory, "pss", memory.uss)
    return total


def end_processes():
    """Hold all of them first: one that still runs could start another, unseen, and be killed."""
    held = []
    while new := [process for process in processes() if process not in held]:
        for process in new:
            with contextlib.suppress(psutil.Error):
                process.suspend()
        held += new
    for process in held:
        with contextlib.suppress(psutil.Error):
            process.kill()


class Learner(threading.Thread):
    """One kernel at work. In a thread, since nbclient takes over the main thread's signals."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.seconds, self.error = path, None, None

    def run(self):
        start = time.perf_counter()
        try:
            notebook = nbformat.read(self.path, as_version=4)
            place = {"metadata": {"path": str(self.path.parent)}}
            quiet = ["--log-level=ERROR"]
            client = NotebookClient(notebook, timeout=1800, extra_arguments=quiet, resources=place)
            client.execute()
            self.seconds = time.perf_counter() - start
        except BaseException as error:
            self.error = error


def watch(learners, signals):
    """Wait for all of them, or for a signal; return the peak of their memory together."""
    peak = 0
    while not signals and any(learner.is_alive() for learner in learners):
        peak = max(peak, used_memory())
        if free_memory() < 0:
            stop(f"memory ran out at {peak / 1e9:.1f} GB; ended all. Ask for fewer learners.")
        time.sleep(0.3)
    return peak


def teach(path, count, signals):
    """Run all learners to their end, or to none at all: no process is left behind."""
    learners = [Learner(path) for _ in range(count)]
    try:
        for learner in learners:
            learner.start()
        return learners, watch(learners, signals)
    finally:
        end_processes()
        patience = time.monotonic() + PATIENCE
        while any(learner.is_alive() for learner in learners) and time.monotonic() < patience:
            time.sleep(0.1)
            end_processes()  # a kernel that a learner was about to start


def report(path, learners, peak):
    errors = [learner.error for learner in learners if learner.error]
    if errors:
        stop(f"{len(errors)} of {len(learners)} failed, the first with {errors[0]!r}")
    seconds = [learner.seconds for learner in learners]
    print(f"{path.stem}, {len(learners)} at once on {available_cores()} cores: "
          f"median {statistics.median(seconds):.0f} s, slowest {max(seconds):.0f} s; "
          f"{peak / 1e9:.1f} GB at the peak, {peak / 1e9 / len(learners):.2f} GB each")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learners", type=int, default=8)
    parser.add_argument("--chapter", default="01")
    parser.add_argument("--gigabytes", type=float, default=1.0, help="to reserve for each")
    parser.add_argument("--folder", type=Path, default=NOTEBOOKS, help="of the notebooks")
    options = parser.parse_args()
    if options.learners < 1:
        stop(f"LEARNERS is {options.learners}; it must be 1 or more.")
    path = find(options.chapter, options.folder)
    check_memory(options.learners, options.gigabytes * 1e9)
    signals = []  # noted, not raised: an exception can be lost in a callback, or come twice
    for kind in signal.SIGINT, signal.SIGTERM:
        signal.signal(kind, lambda *received: signals.append(received))
    learners, peak = teach(path, options.learners, signals)
    if signals:
        print("classroom: interrupted; no process is left.", file=sys.stderr, flush=True)
        os._exit(1)  # a client may wait for its kernel, which is gone
    report(path, learners, peak)


if __name__ == "__main__":
    main()
