"""A deprecation that this course's code calls for fails its test; a library's own does not."""

import re
import subprocess
import sys
import tomllib

import pytest

from tests.chapters import ROOT

LIBRARY = """
import warnings

def old(kind, stacklevel):
    warnings.warn("going away", kind, stacklevel=stacklevel)

def uses_old(kind, stacklevel):
    old(kind, stacklevel)
"""
MODULE = """
import somelibrary

def call(name, kind, stacklevel):
    getattr(somelibrary, name)(kind, stacklevel)
"""
TEST = """
import pytest
from {package}.module import call

KINDS = DeprecationWarning, PendingDeprecationWarning, FutureWarning, UserWarning

@pytest.mark.parametrize("kind", KINDS)
def test_{name}(kind):
    call("{function}", kind, {stacklevel})
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """Run tests whose code is warned in these ways; return the report."""
    folder = tmp_path_factory.mktemp("warned")
    (folder / "somelibrary.py").write_text(LIBRARY)
    for package in ("tools", "somebody"):
        (folder / package).mkdir()
        (folder / package / "module.py").write_text(MODULE)
    for case in (
        {"name": "ours", "package": "tools", "function": "old", "stacklevel": 2},
        {"name": "theirs", "package": "tools", "function": "uses_old", "stacklevel": 2},
        {"name": "elsewhere", "package": "somebody", "function": "old", "stacklevel": 2},
        {"name": "blamed", "package": "somebody", "function": "old", "stacklevel": 3},
    ):
        (folder / f"test_{case['name']}.py").write_text(TEST.format(**case))
    settings = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder)]
    command = [sys.executable, "-m", "pytest", *settings, "-p", "no:cacheprovider", "-rA"]
    done = subprocess.run(
        [*command, "--color=no", str(folder)], cwd=folder, capture_output=True, text=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("name", "fails"), [("ours", True), ("blamed", True), ("theirs", False), ("elsewhere", False)]
)
@pytest.mark.parametrize(
    "kind", ["DeprecationWarning", "PendingDeprecationWarning", "FutureWarning"]
)
def test_who_is_blamed_decides(outcome, name, fails, kind):
    verdict = "FAILED" if fails else "PASSED"
    assert f"{verdict} test_{name}.py::test_{name}[{kind}]" in outcome, outcome


def test_other_warnings_fail_nothing(outcome):
    assert "PASSED test_ours.py::test_ours[UserWarning]" in outcome, outcome


def test_every_module_of_the_course_is_meant():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    filters = settings["tool"]["pytest"]["ini_options"]["filterwarnings"]
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for folder in ("utils", "tools", "tests")
        for path in (ROOT / folder).rglob("*.py")
    }
    for line in filters:
        pattern = re.compile(line.split(":")[3])
        assert [name for name in modules | {"conftest"} if not pattern.match(name)] == []
        assert not pattern.match("torch.utils.data")
