"""A lab that was handed in is checked in a room: what a program finds and spoils there."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

if sys.platform == "win32":
    pytest.skip("Windows cannot shut processes in", allow_module_level=True)
from teaching.labs.judge import given
from tests.chapters import ROOT
from tools.grade_limits import allowed
from tools.lab_check import check, report
from tools.labs import notebook, read
from tools.sandbox import rooms_here
from tools.turns import NotANotebook

SEED = 70412
SEEKS = """
import multiprocessing, os, sys
from pathlib import Path
import utils
root = Path(utils.__file__).parents[1]
said = [*sys.argv, *map(str, os.environ.items()), str(vars(multiprocessing.current_process()))]
for place in (*Path("/proc").glob("[0-9]*/cmdline"), *Path("/proc").glob("[0-9]*/environ")):
    said.append(place.read_text(errors="replace"))
found = [text for text in said if "SEED" in text]
for place in root / "teaching" / "labs" / "lab_1" / "lab.md", *map(Path, DOTTED):
    found += [str(place)] * place.is_file()
try:
    from teaching.labs.judge import given
    found.append("judge")
except ImportError:
    pass
answer_1 = str(found)
"""
DELETES = """
import shutil
from pathlib import Path
for place in FOLDER, Path.home(), Path.cwd():
    shutil.rmtree(place, ignore_errors=True)
"""


@pytest.fixture(scope="module")
def limits():
    return allowed(8, 5, 4)


def written(folder, number, changes, more="", seed=7):
    """Write a starter, its stubs exchanged as `changes`, {number of a task: code}, say."""
    lab = read(number, given(number, seed))
    starter = notebook(lab)
    starter.cells[1].source += more
    for cell in starter.cells:
        for task in lab.tasks:
            if task.number in changes and cell.source == task.stub:
                cell.source = changes[task.number]
            elif task.number in changes and task.example and cell.source == task.example:
                cell.source = ""
    nbformat.write(starter, folder / "ada.ipynb")
    return folder / "ada.ipynb", lab


def test_a_notebook_is_checked_whole(tmp_path, limits):
    """One right answer, one missing, one that never ends, one that raises, one that leaves."""
    right = read(5, given(5, 7)).tasks[0].solution
    path, lab = written(tmp_path, 5, {
        1: right + "\nprint = None", 2: "pass",
        3: "def speed(seconds, images, warm_up):\n    while True: pass",
        4: "def shares(count, workers, epoch, seed): return 1 / 0", 5: "raise SystemExit",
    })  # fmt: skip
    lines = report(check(path, lab, 5, 7, limits))
    expected = [
        "2 of 2  right",
        "0 of 3  not attempted yet: no cell defines answer_2",
        "0 of 3  cannot be judged: calling the answer took more than 8 s",
        "0 of 4  not right yet: given 14, 4, 0",
        "0 of 3  not attempted yet: no cell defines averaged",
    ]
    for line, words in zip(lines, expected, strict=False):
        assert words in line
    assert "ZeroDivisionError" in lines[3]
    assert lines[-1] == "  together 2 of 15 points"


@pytest.mark.parametrize("number", range(1, 6))
def test_solutions_get_all_points_in_a_room(number, tmp_path, limits):
    lab = read(number, given(number, 7))
    path, lab = written(tmp_path, number, {task.number: task.solution for task in lab.tasks})
    assert [words for *_, words in check(path, lab, number, 7, limits)] == ["right"] * 5


def test_stubs_are_not_attempted_and_a_cell_that_loops_costs_its_own_task(tmp_path, limits):
    path, lab = written(tmp_path, 1, {4: "while True:\n    pass\nanswer_4 = 3"})
    words = [said for *_, said in check(path, lab, 1, 7, limits | {"seconds": 2})]
    assert words[:3] == ["not attempted yet"] * 3
    assert words[3] == "not attempted yet: no cell defines answer_4"


@pytest.mark.skipif(not rooms_here(), reason="no rooms for processes here")
def test_a_submission_that_deletes_its_folder_spoils_nothing(tmp_path, limits):
    (tmp_path / "alive").touch()
    solution = read(1, given(1, 7)).tasks[0].solution
    more = DELETES.replace("FOLDER", repr(str(tmp_path)))
    path, lab = written(tmp_path, 1, {1: solution}, more)
    before = path.read_bytes()
    assert check(path, lab, 1, 7, limits)[0][1] == lab.tasks[0].points
    assert (tmp_path / "alive").exists() and path.read_bytes() == before
    assert (ROOT / "teaching").is_dir()


@pytest.mark.skipif(not rooms_here(), reason="no rooms for processes here")
def test_a_submission_finds_neither_solution_nor_seed(tmp_path):
    """Not among arguments, in the environment or other processes, and not in the course's files."""
    dotted = [str(place) for place in Path.home().glob(".*") if place.is_file()]
    seeks = SEEKS.replace("SEED", str(SEED)).replace("DOTTED", str(dotted))
    written(tmp_path, 1, {1: seeks}, seed=SEED)
    own = os.environ | {"SEED": str(SEED), "MAKEFLAGS": f"SEED={SEED}", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tools.lab_check", "--lab", "1", "--seed", str(SEED)]
    done = subprocess.run([*command, str(tmp_path)], cwd=ROOT, env=own, capture_output=True,
                          text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "got '[]'" in done.stdout


def test_what_is_no_notebook_is_named(tmp_path, limits):
    path = tmp_path / "ada.ipynb"
    for text in "{", "[]", '{"cells": 3}':
        path.write_text(text)
        with pytest.raises(NotANotebook, match="no notebook that can be read"):
            check(path, read(1, given(1, 7)), 1, 7, limits)
