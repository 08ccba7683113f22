"""Where a learner stands, read from stored outputs: right, fast, and without PyTorch."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.chapters import PATHS, ROOT
from tools.turns import POINTS, exercises, read
from utils.exercises import check, known

ANSWERS = {"1.1": (3, 1, 32), "1.2": lambda image, amount: image + amount, "1.4": 5}


def half_done(folder, capsys, answers):
    """Copy all chapters into `folder`, with the outputs that `check` prints for `answers`."""
    for path in PATHS:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            for number, answer in answers.items():
                if f'check("{number}"' in "".join(cell["source"]):
                    check(number, answer)
                    said = capsys.readouterr().out.splitlines(keepends=True)
                    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": said}]
        (folder / path.name).write_text(json.dumps(notebook), encoding="utf-8")


def progress(folder):
    command = [sys.executable, "-m", "tools.progress", str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")


def test_a_half_done_folder(tmp_path, capsys):
    half_done(tmp_path, capsys, ANSWERS)
    done = progress(tmp_path)
    rows = {line[:2]: line.split()[-3:] for line in done.stdout.splitlines() if line[:1].isdigit()}
    assert rows["01"] == ["1", "2", "4"]
    assert rows["00"] == ["0", "0", "6"]
    assert ["all", "1", "2", str(len(known()) - 3)] in [
        line.split() for line in done.stdout.splitlines()
    ]
    assert "not right yet: 1.2, 1.4\n" in done.stdout
    said = " ".join(done.stdout.partition("Next: ")[2].split())
    assert said.startswith("mend 1.2 in 01_tensors.ipynb. Its check says: given a tensor of shape")
    assert "The bytes wrap around" in said


def test_nothing_done_and_all_done(tmp_path):
    shutil.copy(PATHS[0], tmp_path)
    assert "Next: 0.1 in 00_start_here.ipynb (compute, easy): How" in progress(tmp_path).stdout
    text = (tmp_path / PATHS[0].name).read_text(encoding="utf-8")
    done = text.replace(" not attempted yet", " right.")
    (tmp_path / PATHS[0].name).write_text(done, encoding="utf-8")
    assert progress(tmp_path).stdout.endswith("All exercises are right.\n")


def test_a_wrong_answer_shown_in_the_lesson_is_not_the_learner_s(tmp_path):
    """Chapter 00 shows what `check` says of a wrong 0.2."""
    shutil.copy(PATHS[0], tmp_path)
    assert "0.2 not right yet" in PATHS[0].read_text(encoding="utf-8")
    assert "not right yet" not in progress(tmp_path).stdout


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"cells": [1]}', '{"cells": 3}', "\x00"])
def test_what_is_no_notebook_is_named_and_left_out(tmp_path, text):
    shutil.copy(PATHS[1], tmp_path)
    (tmp_path / "00_odd.ipynb").write_text(text)
    done = progress(tmp_path)
    assert "01 Tensors" in done.stdout
    assert "00_odd.ipynb is no notebook" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_without_notebooks_is_refused(tmp_path):
    done = progress(tmp_path)
    assert done.returncode == 1
    assert f"no notebook with exercises in {tmp_path}" in done.stderr
    assert "make progress FOLDER=notebooks" in done.stderr


def test_every_exercise_of_the_course_is_read_and_worth_something():
    found = [one for path in PATHS for one in exercises(read(path))]
    assert [one.number for one in found] == known()
    assert {one.points for one in found} == {1, 2, 3} == {*POINTS.values()}


def test_nothing_slow_is_imported():
    code = "import sys, tools.progress; print({'torch', 'numpy', 'nbformat'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "set()\n"
