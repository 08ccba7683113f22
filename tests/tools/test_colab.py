"""The setup cell on a machine like Colab's, offline; `make colab` runs whole chapters that way."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat
import psutil
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from tests.chapters import ROOT
from tools import colab, colab_run, links, setup_cell

SLUG, BRANCH = links.checked(*links.written_home(ROOT))
SETUP = setup_cell.beginning(SLUG, BRANCH)
ASK = r"""
import os, subprocess, sys, torch, utils
from utils.datasets.fetch import data_folder

ask = "import utils; print(utils.__file__)"  # as a worker process of chapter 09 would
worker = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True)
places = worker.stdout.strip(), torch.__file__, data_folder(), os.getcwd()
print(utils.__file__, *places, sep="\n")
"""
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Colab is a Linux machine")


@pytest.fixture
def places(tmp_path):
    """Empty folders for the repository, the machine and the notebook."""
    found = [tmp_path / name for name in ("remote", "machine", "content")]
    for folder in found:
        folder.mkdir()
    return found


def run_setup(places, after="", before="", **changed):
    """Run the setup cell, then `after`; return (seconds of the setup, the notebook)."""
    remote, machine, content = places
    colab_run.make_machine(machine)
    environment = colab_run.settings(machine, remote, SLUG) | changed
    environment.pop("COURSE_DATA", None)
    running = set(psutil.Process().children(recursive=True))
    notebook = new_notebook(cells=[new_code_cell(before + SETUP), new_code_cell(after)])
    notebook.metadata = nbformat.from_dict({"kernelspec": {"name": "colab"}})
    try:
        return colab_run.run(notebook, machine, environment, content)[0], notebook
    except CellExecutionError:
        return None, notebook
    finally:
        assert set(psutil.Process().children(recursive=True)) <= running


def said(notebook):
    """Return what the setup cell printed and the last line of its error."""
    outputs = notebook.cells[0].outputs
    printed = "".join(out.text for out in outputs if out.output_type == "stream")
    [error] = [out for out in outputs if out.output_type == "error"]
    return printed, f"{error.ename}: {error.evalue}"


def test_the_course_comes_and_torch_stays(places):
    remote, machine, content = places
    colab_run.publish(remote, BRANCH)
    packages = Path(sysconfig.get_path("purelib"))
    before = {path.name: path.stat().st_mtime for path in packages.iterdir()}
    seconds, notebook = run_setup(places, after=ASK)
    assert not notebook.cells[0].outputs
    print(f"the setup cell took {seconds:.1f} s")
    course, worker, torch, data, here = notebook.cells[1].outputs[0].text.splitlines()
    assert Path(course).is_relative_to(machine / "env")
    assert worker == course
    assert Path(torch).is_relative_to(packages)
    assert {path.name: path.stat().st_mtime for path in packages.iterdir()} == before
    assert Path(here) == content and Path(data) == content / "data"
    own = next((machine / "env" / "lib").glob("python*")) / "site-packages"
    names = {re.sub(r"-.*", "", path.name) for path in own.iterdir()}
    assert names == {"shared.pth", "tensors_to_gpus", "utils"}
    assert seconds < 30


def test_without_a_network_it_says_what_to_do(places):
    nowhere = {"GIT_CONFIG_COUNT": "0", "https_proxy": "http://127.0.0.1:9"}
    _, notebook = run_setup(places, **nowhere)
    printed, error = said(notebook)
    assert re.match(rf"fatal: unable to access '{setup_cell.GITHUB}{SLUG}/?'", printed)
    assert len(printed.splitlines()) <= 3
    assert error.startswith("AssertionError: Go online, or mend what is named above")


def test_a_missing_branch_is_named(places):
    colab_run.publish(places[0], "another")
    printed, error = said(run_setup(places)[1])
    assert f"Remote branch {BRANCH} not found" in printed
    assert len(printed.splitlines()) <= 4
    assert error.startswith("AssertionError: Go online, or mend what is named above")


def test_an_interrupted_setup_goes_on_when_run_again(places):
    remote, _, content = places
    colab_run.publish(remote, BRANCH)
    folder = content / SLUG.split("/")[1]
    subprocess.run(["git", "clone", "-q", remote.as_uri(), folder], check=True)
    seconds, notebook = run_setup(places, after="import utils.shapes")
    assert seconds and not notebook.cells[0].outputs


def test_a_folder_without_init_hides_nothing(places):
    remote, _, content = places
    colab_run.publish(remote, BRANCH)
    (content / "utils").mkdir()
    seconds, notebook = run_setup(places, after="import utils.shapes")
    assert seconds and not notebook.cells[0].outputs


def test_another_utils_beside_the_notebook_is_named(places):
    remote, _, content = places
    colab_run.publish(remote, BRANCH)
    other = content / "utils.py"
    other.write_text("mine = 1\n")
    printed, error = said(run_setup(places)[1])
    assert printed.startswith(f"{other} hides the course's own utils. Rename it")
    assert "run this cell again" in printed and len(printed.splitlines()) == 1
    assert re.match(rf"ImportError: {re.escape(str(other))} hides .* rename it, restart", error)


@pytest.mark.parametrize("place", ["PYTHONPATH", "Drive"])
def test_another_utils_on_the_path_is_named(place, places, tmp_path):
    """Drive is put on the path by the notebook itself, and no other program hears of it."""
    colab_run.publish(places[0], BRANCH)
    other = tmp_path / "drive" / "utils" / "__init__.py"
    other.parent.mkdir(parents=True)
    other.touch()
    path = str(other.parents[1])
    if place == "Drive":
        _, notebook = run_setup(places, before=f"import sys\nsys.path.insert(0, {path!r})\n\n")
    else:
        both = os.pathsep.join([path, str(places[1])])
        _, notebook = run_setup(places, PYTHONPATH=both)
    printed, error = said(notebook)
    assert ("hides the course's own utils" in printed) == (place == "PYTHONPATH")
    assert error.startswith(f"ImportError: {other} hides")


def outside_colab(folder, **environment):
    source = SETUP.replace("!", "raise RuntimeError  # ")
    command = [sys.executable, "-c", source]
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
    )


def test_outside_colab_the_setup_does_nothing(tmp_path):
    done = outside_colab(tmp_path)
    assert done.returncode == 0 and not done.stdout + done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["utils.py", "utils/__init__.py"])
def test_outside_colab_another_utils_is_named(name, tmp_path):
    other = tmp_path / name
    other.parent.mkdir(exist_ok=True)
    other.touch()
    error = outside_colab(tmp_path).stderr.splitlines()[-1]
    expected = f"ImportError: {other} hides the course's utils: rename it, restart the kernel"
    assert error.startswith(expected)


def test_outside_colab_a_folder_that_hides_an_editable_course_is_named(tmp_path):
    """An editable course is found after all else, so that a folder without __init__.py hides it."""
    (tmp_path / "utils").mkdir()
    error = outside_colab(tmp_path, PYTHONPATH="").stderr.splitlines()[-1]
    assert error.startswith(f"ImportError: {tmp_path / 'utils'} hides the course's utils")


OLDEST = {"torch": "2.9", "torchvision": "0.24", "tqdm": "4.67"}


def test_the_needs_are_those_of_the_project():
    assert set(OLDEST.items()) <= set(colab.requirements().items())


@pytest.mark.parametrize("version", ["2.8.0+cu126", "2.10.0a0", "2.9", "3.0.1"])
def test_a_torch_that_is_too_old_is_named_and_left_as_it_is(version):
    if version.startswith("2.8"):
        message = r"has torch 2\.8\.0\+cu126, .* needs 2\.9 .*left as it is.*Runtime version"
        with pytest.raises(SystemExit, match=message):
            colab.check_torch(OLDEST, {"torch": version})
    else:
        colab.check_torch(OLDEST, {"torch": version})


def test_an_old_torch_installs_nothing(monkeypatch):
    found = colab.present(colab.requirements()) | {"torch": "2.8.0"}
    monkeypatch.setattr(colab.util, "find_spec", lambda name: None)
    monkeypatch.setattr(colab, "present", lambda names: found)
    monkeypatch.setattr(colab.subprocess, "run", lambda *_, **__: pytest.fail("pip was run"))
    with pytest.raises(SystemExit, match=r"has torch 2\.8\.0"):
        colab.main()


def test_only_what_is_missing_is_installed_and_the_rest_is_held(monkeypatch):
    asked = []

    def install(option, kept, *missing):
        asked.append((option, Path(kept).read_text(), missing))

    monkeypatch.setattr(colab, "install", install)
    colab.install_missing(OLDEST, {"torch": "2.9.1+cu126", "torchvision": "0.24.1"})
    assert asked == [("-c", "torch==2.9.1+cu126\ntorchvision==0.24.1\n", ("tqdm>=4.67",))]
    colab.install_missing(OLDEST, OLDEST)
    assert len(asked) == 1


def test_pip_s_failure_is_one_line():
    with pytest.raises(SystemExit, match=r"\Apip install ") as end:
        colab.install("--no-deps", str(ROOT / "no-such-folder"))
    assert "no-such-folder failed: ERROR: " in str(end.value)
    assert "\n" not in str(end.value)
