"""A class on one server: as many kernels as fit, measured, and none of them left behind."""

import os
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.chapters import ROOT
from tests.tools.tiny_wheels import hear_ctrl_c
from tools import classroom

SLEEP = ["sleep", str(600 + os.getpid())]  # nobody else's
TOOL = [sys.executable, str(ROOT / "tools" / "classroom.py"), "--gigabytes", "0.1"]


def command(folder, source, learners):
    nbformat.write(new_notebook(cells=[new_code_cell(source)]), folder / "01_book.ipynb")
    return [*TOOL, "--learners", str(learners), "--folder", str(folder)]


def workers():
    found = psutil.process_iter(["cmdline"])
    return [process for process in found if process.info["cmdline"] == SLEEP]


def test_each_learner_runs_the_chapter_in_a_kernel_of_its_own(tmp_path):
    source = "import os, time\nopen(f'{os.getpid()}.ran', 'w').close()\ntime.sleep(1)"
    done = subprocess.run(command(tmp_path, source, 2), capture_output=True, text=True)
    assert done.stdout.startswith("01_book, 2 at once"), done.stdout + done.stderr
    pids = [int(path.stem) for path in tmp_path.glob("*.ran")]
    assert len(pids) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)
    peak, each = map(float, re.findall(r"([\d.]+) GB", done.stdout))
    assert 0.02 < each < 0.5
    assert peak == pytest.approx(2 * each, abs=0.06)


def test_a_failing_cell_is_named(tmp_path):
    done = subprocess.run(command(tmp_path, "1 / 0", 1), capture_output=True, text=True)
    assert done.returncode == 1
    assert "1 of 1 failed" in done.stderr
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_an_interrupted_class_leaves_no_process(tmp_path, kind):
    source = (  # a learner's cell may have workers of its own, and start one at that very moment
        "import subprocess, time\n"
        "open('started', 'w').close()\n"
        f"while True:\n    subprocess.Popen({SLEEP})\n"
        "    time.sleep(0.002)"
    )
    tool = subprocess.Popen(
        command(tmp_path, source, 2), stderr=subprocess.PIPE, text=True, preexec_fn=hear_ctrl_c
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    while len(workers()) < 2:
        time.sleep(0.1)
    tool.send_signal(kind)
    _, stderr = tool.communicate(timeout=300)
    assert "interrupted; no process is left" in stderr
    assert not workers()


def test_more_learners_than_fit_are_refused_with_the_number_that_fits(monkeypatch):
    monkeypatch.setattr(
        classroom.psutil, "virtual_memory", lambda: SimpleNamespace(available=4.6e9)
    )
    monkeypatch.setattr(classroom, "CONTROL_GROUP", ())
    classroom.check_memory(4, 1e9)
    with pytest.raises(SystemExit, match=r"5 learners at 1\.0 GB do not fit: 4 fit \(4\.1 GB"):
        classroom.check_memory(5, 1e9)


def test_a_container_s_limit_counts(monkeypatch, tmp_path):
    for name, value in ("limit", "3000000000"), ("used", "500000000"):
        (tmp_path / name).write_text(value)
    monkeypatch.setattr(classroom, "CONTROL_GROUP", (tmp_path / "limit", tmp_path / "used"))
    assert classroom.free_memory() <= 2e9
    (tmp_path / "limit").write_text("max")
    monkeypatch.setattr(classroom.psutil, "virtual_memory", lambda: SimpleNamespace(available=9e9))
    assert classroom.free_memory() == 8.5e9


def test_an_unknown_chapter_is_refused(tmp_path):
    with pytest.raises(SystemExit, match=r"no chapter '77'.*CHAPTER=01"):
        classroom.find("77", tmp_path)
