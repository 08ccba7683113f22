"""What Windows lacks, taken away here: letters in a console, files of Linux, and `resource`."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from nbformat.v4 import new_notebook

from tests.chapters import ROOT
from tools import bench, classroom


def test_a_console_that_lacks_a_letter_gets_another(tmp_path):
    path = tmp_path / "01_10⁶.ipynb"
    nbformat.write(new_notebook(), path)
    env = os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tools.distances", path]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True)
    assert done.stdout.startswith(b"01_10?.ipynb: no cell says"), done.stderr


@pytest.fixture
def windows(monkeypatch):
    """No /proc, no `resource`; psutil says what it says there, as Linux' does not."""
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: "proc" not in path.parts and exists(path))
    monkeypatch.setitem(sys.modules, "resource", None)
    said = SimpleNamespace(memory_info=lambda: SimpleNamespace(peak_wset=2_500_000_000))
    monkeypatch.setattr(psutil, "Process", lambda: said)


def test_the_peak_of_memory_is_known_without_resource(windows):
    assert bench.peak_gigabytes() == 2.5


@pytest.mark.skipif(sys.platform == "win32", reason="there is no resource")
def test_the_peak_of_memory_is_known_without_proc(monkeypatch):
    """As on macOS: that it is there, since Linux counts in other units."""
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: "proc" not in path.parts and exists(path))
    assert bench.peak_gigabytes() > 0


def test_a_class_is_told_the_cores_it_may_use(monkeypatch, capsys):
    monkeypatch.setenv("CPU_LIMIT", "1")
    classroom.report(Path("01_book.ipynb"), [SimpleNamespace(error=None, seconds=2.0)], 1e9)
    assert "1 at once on 1 cores" in capsys.readouterr().out
