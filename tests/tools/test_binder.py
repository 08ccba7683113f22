"""What Binder would build, without Docker: its choices, and postBuild against a local mirror.

postBuild runs in a copy of the project, as in Binder's image. What counts as published there are
the small files of tests/datasets, and a stand-in has 12 pictures.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from packaging.specifiers import SpecifierSet

from tests.chapters import ROOT
from tests.course.test_packaging import CONDA, PROJECT
from tests.datasets.mirror import Mirror
from tests.datasets.shop import cifar_files, fashion_files, md5, tar
from tools import session_memory

ARCHIVE = "cifar-10-python.tar.gz"
SESSION = """
from utils.datasets import cifar10, fashion_mnist
sets = [fashion_mnist(True), fashion_mnist(False), cifar10(False)]
print(*(part.source for part in sets), *(len(part) for part in sets))
"""


def test_binder_takes_the_root_s_files():
    """With one of these, repo2docker would not look at environment.yml and postBuild."""
    for name in "binder", ".binder", "Dockerfile", "environment.yaml":
        assert not (ROOT / name).exists()


def test_binder_starts_from_a_python_that_the_course_supports():
    """repo2docker understands no range: without a version it takes 3.10, and then changes it."""
    lines = [line for line in CONDA if isinstance(line, str)]
    versions = [match[1] for line in lines if (match := re.match(r"python\s*=+\s*([\d.]*)", line))]
    assert len(versions) == 1
    assert re.fullmatch(r"3\.\d+", versions[0])
    assert versions[0] in SpecifierSet(PROJECT["requires-python"])


def test_postbuild_can_be_executed():
    assert os.name == "nt" or os.access(ROOT / "postBuild", os.X_OK)
    assert b"\r" not in (ROOT / "postBuild").read_bytes()


@pytest.fixture
def mirror():
    server = Mirror()
    yield server
    server.close()


@pytest.fixture
def image(tmp_path, mirror):
    """A copy of the project for which small files are the published ones, and what it holds."""
    if not (shutil.which("bash") and shutil.which("tar")):
        pytest.skip("no bash or no tar here")
    for name in "utils", "tools":
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in "pyproject.toml", "postBuild":
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "data").mkdir()
    unpacked, packed, _ = fashion_files()
    colour, _ = cifar_files()
    mirror.files |= packed | {ARCHIVE: tar(colour, "w:gz")}
    sums = {name: md5(data) for name, data in (unpacked | packed).items()}
    names = ["data_batch_1", "data_batch_2", "test_batch"]
    lists = [[name, md5(colour[f"cifar-10-batches-py/{name}"])] for name in names]
    with open(tmp_path / "utils" / "datasets" / "published.py", "a", encoding="utf-8") as module:
        module.write(f"\nFASHION_MD5.update({json.dumps(sums)})\n")
        module.write(f"datasets.FashionMNIST.mirrors = [{mirror.url!r}]\n")
        module.write(f"datasets.CIFAR10.url = {mirror.url + ARCHIVE!r}\n")
        module.write(f"datasets.CIFAR10.tgz_md5 = {md5(mirror.files[ARCHIVE])!r}\n")
        module.write(f"datasets.CIFAR10.train_list = {lists[:2]}\n")
        module.write(f"datasets.CIFAR10.test_list = {lists[2:]}\n")
    with open(tmp_path / "utils" / "datasets" / "drawn.py", "a", encoding="utf-8") as module:
        module.write("\nfrom functools import partial\n")
        module.write("draw_split = partial(draw_split, count=12, progress=False)\n")
    return SimpleNamespace(root=tmp_path, mirror=mirror)


def run(image, *command, **settings):
    """Run a command as in Binder's image: in the project, with nobody's settings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env["PATH"]])
    env |= {"PYTHONPATH": str(image.root), "no_proxy": "127.0.0.1", **settings}
    return subprocess.run(command, cwd=image.root, env=env, capture_output=True, text=True)


def session(image, **settings):
    """The sources and sizes that a session finds."""
    ended = run(image, sys.executable, "-c", SESSION, **settings)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()[-1].split()


def test_after_postbuild_a_session_needs_no_download(image):
    settings = {"COURSE_MIRROR": image.mirror.url}
    ended = run(image, "./postBuild", **settings)
    assert ended.returncode == 0, ended.stderr
    assert len(image.mirror.asked) == 5
    assert "CIFAR-10 ready" in ended.stdout
    assert not list(image.root.rglob(ARCHIVE))
    assert session(image, **settings) == ["published"] * 3 + ["20", "10", "10"]
    assert len(image.mirror.asked) == 5


def test_without_a_mirror_postbuild_ends_well_with_the_stand_in(image):
    image.mirror.close()  # whoever asks now is refused
    ended = run(image, "./postBuild")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("drawn pictures stand in for it") == 2
    drawn = {path: path.stat().st_mtime_ns for path in (image.root / "data").rglob("*idx*")}
    assert len(drawn) == 6
    assert session(image, COURSE_OFFLINE="1") == ["drawn"] * 3 + ["12"] * 3
    assert drawn == {path: path.stat().st_mtime_ns for path in drawn}  # nothing is drawn again


def test_postbuild_fails_where_nothing_can_be_kept(image):
    (image.root / "data").rmdir()
    (image.root / "data").write_text("not a folder")
    ended = run(image, "./postBuild")
    assert ended.returncode != 0
    assert "COURSE_DATA" in ended.stderr


HOLD = "held = bytes(range(256)) * 400_000; print(flush=True); input()"  # 102 MB
FAMILY = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}])"


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="no /proc here")
def test_a_session_s_memory_counts_what_its_processes_start():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    parent = psutil.Popen([sys.executable, "-c", FAMILY], **pipes)
    parent.stdout.readline()
    watch = session_memory.Watch([parent])
    held = watch.look()
    parent.communicate(b"\n")
    assert 102e6 < held["own"] <= held["pss"] <= held["rss"] < 250e6
    assert held["processes"] == 2
    assert watch.look() == {"pss": 0, "own": 0, "rss": 0, "processes": 0}
    assert watch.peaks["own"] == held["own"]
