"""The instructions of a notebook and what came of them, run in a process of their own."""

import json
import os
import subprocess
import sys

import nbformat
import pytest

from tests.chapters import ROOT
from tests.course.instructions import instructions_of
from tests.course.state import LIMIT

# On macOS a process that has used PyTorch's libraries is not safe to fork; Windows cannot fork.
needs_copies = pytest.mark.skipif(
    sys.platform != "linux", reason="a notebook's state is copied by os.fork, safe on Linux alone"
)
QUIET = {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg", "CUDA_VISIBLE_DEVICES": ""}


class Told:
    """What a notebook tells its reader; the results come one by one while it runs."""

    def __init__(self, path, limit=LIMIT):
        self.path, self.limit = path, limit
        self.instructions = instructions_of(nbformat.read(path, as_version=4))
        self.results, self.process = {}, None

    def start(self, chosen=None):
        """Run the notebook, and of its instructions those numbered (None: all)."""
        chosen = range(len(self.instructions)) if chosen is None else chosen
        command = [sys.executable, "-m", "tests.course.state", str(self.path), str(self.limit)]
        self.process = subprocess.Popen(
            [*command, ",".join(map(str, chosen))],
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=ROOT,
            env=os.environ | QUIET,
        )

    def problems(self, number):
        """Return the problems of an instruction, as soon as it has been carried out."""
        while number not in self.results:
            line = self.process.stdout.readline()
            if not line:
                code = self.process.wait()
                return [f"the notebook's process ended with {code}; see what it wrote to stderr"]
            done, _, problems = json.loads(line)
            self.results[done] = problems
        return self.results[number]

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
