"""pyproject.toml, requirements.lock and environment.yml must agree."""

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tests.chapters import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
CORE = [Requirement(text) for text in PROJECT["dependencies"] + EXTRAS["lab"]]
EXTRA = [*EXTRAS["dev"], *EXTRAS["teaching"], *EXTRAS["site"]]
ALL = CORE + [Requirement(text) for text in EXTRA]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def locked(name):
    return re.findall(rf"^{re.escape(name)}==([^\s;]+)", LOCK, re.MULTILINE)


@pytest.mark.parametrize("requirement", ALL, ids=lambda requirement: requirement.name)
def test_lock_satisfies_pyproject(requirement):
    versions = locked(requirement.name)
    assert versions
    assert all(version in requirement.specifier for version in versions)


def test_lock_has_hashes_and_no_address():
    packages = re.findall(r"^[a-z0-9-]+==", LOCK, re.MULTILINE)
    assert len(re.findall(r"==[^\n]* \\\n    --hash=sha256:", LOCK)) == len(packages)
    assert "://" not in LOCK


@pytest.mark.parametrize("requirement", CORE, ids=lambda requirement: requirement.name)
def test_conda_has_the_same_ranges(requirement):
    name = CONDA_NAMES.get(requirement.name, requirement.name)
    ranges = {
        line.partition(" ")[0]: line.partition(" ")[2] for line in CONDA if isinstance(line, str)
    }
    assert SpecifierSet(ranges[name]) == requirement.specifier


def test_conda_has_nothing_else():
    names = {line.partition(" ")[0] for line in CONDA if isinstance(line, str)}
    ours = {CONDA_NAMES.get(requirement.name, requirement.name) for requirement in CORE}
    assert names == ours | {"python", "pip"}


def test_python_range_is_the_same_everywhere():
    python = next(line for line in CONDA if isinstance(line, str) and line.startswith("python "))
    version = python.removeprefix("python =")  # one version: test_binder says why
    assert version in SpecifierSet(PROJECT["requires-python"])
    setup = (ROOT / "tools" / "setup_env.py").read_text(encoding="utf-8")
    [(oldest, newest)] = re.findall(r"OLDEST, NEWEST = \(3, (\d+)\), \(3, (\d+)\)", setup)
    assert SpecifierSet(PROJECT["requires-python"]) == SpecifierSet(
        f">=3.{oldest},<3.{int(newest) + 1}"
    )
