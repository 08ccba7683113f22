"""What make is given is wrong: one sentence names the value, what was expected, and the remedy."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.chapters import ROOT
from tools.arguments import KNOWN, complaint

WRONG = [
    ("CHAPTER", "3", "two digits, from 00 to", "CHAPTER=03"),
    ("CHAPTER", "42", "two digits", "CHAPTER=01"),
    ("CHAPTER", "abc", "two digits", "CHAPTER=01"),
    ("CHAPTER", "", "two digits", "CHAPTER="),
    ("LEARNERS", "x", "a whole number from 1 on", "make classroom LEARNERS=8"),
    ("WORKERS", "0", "a whole number from 1 on", "make test ROOMS=notebooks WORKERS=2"),
    ("SEEDS", "0", "a whole number from 1 on", "make bench SEEDS=3"),
    ("EPOCHS", "-1", "a whole number from 1 on", "make bench EPOCHS=10"),
    ("IMAGES", "1.5", "a whole number from 1 on", "make bench IMAGES=60000"),
    ("KILLS", "", "a whole number from 1 on", "make kills KILLS=100"),
    ("LAB", "two", "a whole number from 1 on", "make assignment LAB=2"),
    ("SEED", "0", "a whole number from 1 on", "make assignment SEED=70412"),
    ("BUILD", "gpu", "cpu", "BUILD=cpu"),
    ("FRESH", "0", "1", "FRESH=1"),
    ("ANSWERS", "all", "none or hints", "ANSWERS=hints"),
    ("FOR", "otter", "nbgrader", "FOR=nbgrader"),
    ("SERVE", "8000", "1", "SERVE=1"),
    ("ROOMS", "tests/dataset", "folders or files", 'make test ROOMS="tests/datasets notebooks"'),
    ("ROOMS", "", "folders or files", 'make test ROOMS="tests/datasets notebooks"'),
]
RIGHT = [("CHAPTER", "01"), ("LEARNERS", "30"), ("SEEDS", "1"), ("BUILD", "cpu"), ("FRESH", "1")]
RIGHT += [("ANSWERS", "none"), ("ANSWERS", "hints"), ("FOR", "nbgrader"), ("FOLDER", "mine")]
RIGHT += [("ROOMS", "tests/tools/test_arguments.py::test_right tests"), ("PYTHON", "python3.12")]


@pytest.mark.parametrize(("name", "value", "expected", "remedy"), WRONG)
def test_wrong_settings_are_named(name, value, expected, remedy):
    said = complaint({name: value})
    assert said.startswith(name) and repr(value) in said
    assert f"expected {expected}" in said
    assert remedy in said
    assert "\n" not in said


@pytest.mark.parametrize(("name", "value"), RIGHT)
def test_right(name, value):
    assert complaint({name: value}, [name]) is None


def test_a_setting_that_there_is_not_is_named():
    assert complaint({}, ["LEARNER"]).startswith("there is no setting LEARNER; there are CHAPTER,")
    assert complaint({"LEARNER": "8"}) is None  # in the environment, it may be for somebody else


def test_every_setting_of_the_makefile_is_known():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    used = set(re.findall(r"\$\((?:if |or )?\$?\(?([A-Z_]+)\)?", text))
    assert used - {"VENV", "CURDIR", "PYTEST", "GIVEN", "COURSE", "AS_ROOT", "VARIABLES"} <= {
        *KNOWN
    }
    described = re.findall(r"\b([A-Z_]+)=", text)
    assert {*described} - {"COURSE_BROWSER", "COURSE_KILLS"} <= {*KNOWN}


def targets():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return [name for name in re.findall(r"^([a-z-]+):", makefile, re.MULTILINE) if name != "help"]


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
@pytest.mark.parametrize("target", targets())
def test_every_target_says_so_before_it_does_anything(target, tmp_path):
    # Started by `make test`, this make would think itself part of that one, and say where it is
    others = (*KNOWN, "MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    own = {name: value for name, value in os.environ.items() if name not in others}
    done = subprocess.run(
        ["make", target, f"PYTHON={sys.executable}", "CHAPTER=3"],
        cwd=ROOT, env=own, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode
    assert done.stderr.startswith("make: CHAPTER is '3', expected two digits")
    assert not done.stdout
