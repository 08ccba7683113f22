"""Processes that are shut in and listened to, and ended with all that they started."""

import contextlib
import functools
import multiprocessing
import tempfile
import threading
import time
from pathlib import Path

import psutil

from tools.sandbox import CROWDED

LARGEST = 200_000_000  # bytes of one message
GRACE = 120  # seconds for a process to start, or to send what it has, on a machine that is busy


class Interrupted(Exception):
    """Grading was stopped from outside."""


def in_process(module, name, *arguments):
    """Call a function of a module that is loaded only here, in the new process."""
    multiprocessing.current_process()._args = ()  # a judge's have what no answer should know
    getattr(__import__(f"tools.{module}", fromlist=[name]), name)(*arguments)


@functools.cache
def context():
    """Return what starts processes: from one that has PyTorch loaded and has run nothing yet."""
    made = multiprocessing.get_context("forkserver")
    # A list of names: what the chapters use is loaded once, before the class comes
    made.set_forkserver_preload(["tools.grade_run", "tools.grade_judge", "torchvision", "sklearn",
                                 "utils.datasets", "utils.plots", "utils.training"])  # fmt: skip
    first = made.Process(target=int)
    first.start()
    first.join()
    return made


def family(process):
    with contextlib.suppress(psutil.Error):
        return psutil.Process(process.pid).children(recursive=True)
    return []


def end(process):
    """End the process and all that it started.

    With the first process of a room all others in it end at once: that must come before any list
    of them, which takes longer than processes that multiply. Elsewhere all are held, then killed.
    """
    held = []
    with contextlib.suppress(psutil.Error):
        for first in psutil.Process(process.pid).children():
            first.kill()
    while new := [one for one in family(process) if one not in held]:
        for one in new:
            with contextlib.suppress(psutil.Error):
                one.suspend()
        held += new
    for one in held:
        with contextlib.suppress(psutil.Error):
            one.kill()
    process.kill()
    process.join()


def memory(one):
    with contextlib.suppress(psutil.Error):
        return getattr(one.memory_full_info(), "pss", 0)
    return 0


def crowd(limits):
    return f"more than {limits['processes']} processes were started"


def excess(process, limits):
    """Return in words what the process and its children have too much of, "" if nothing."""
    ones = family(process)
    if len(ones) > limits["processes"]:
        return crowd(limits)
    used = sum(map(memory, ones)) / 1e9
    return f"more than {limits['gigabytes']} GB of memory were used" if (
        used > limits["gigabytes"]) else ""  # fmt: skip


class Room:
    """One process, shut in, that is listened to until it ends or has to be ended."""

    def __init__(self, limits, stop, name, *arguments):
        self.limits, self.stop = limits, stop
        made = context()
        self.pipe, there = made.Pipe(duplex=False)
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        given = (*name, *arguments, Path(self.folder.name), limits["hidden"][name[0]], limits)
        self.process = made.Process(target=in_process, args=(*given, there), daemon=True)
        self.process.start()
        there.close()

    def hear(self, seconds):
        """Return the next message; EOFError if the process ended, TimeoutError if it had to be."""
        until = time.monotonic() + seconds
        while self.stop.is_set() or not self.pipe.poll(0.2):
            if self.stop.is_set():
                raise Interrupted
            if time.monotonic() > until:
                raise TimeoutError("it ran out of time")
            if too_much := excess(self.process, self.limits):
                raise TimeoutError(too_much)
        waking = threading.Timer(GRACE, end, [self.process])  # half a message is no message
        waking.start()
        try:
            return self.pipe.recv_bytes(LARGEST)
        except (OSError, EOFError):  # longer than allowed, or the process has ended
            self.process.join(1)
            if self.process.exitcode == CROWDED:
                raise TimeoutError(crowd(self.limits)) from None
            raise EOFError from None
        finally:
            waking.cancel()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)
        self.pipe.close()
        self.folder.cleanup()
