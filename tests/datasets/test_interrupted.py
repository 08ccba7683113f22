"""Killed, interrupted, or asked for twice at once: verified images all the same."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from functools import partial

import pytest

from tests.chapters import ROOT as PROJECT
from tests.datasets.mirror import half_then_nothing, slowly, whole
from tests.datasets.shop import assert_drawn, assert_published, draw_few
from utils.datasets import published

# Programs for another process, which sees the same small files as published. Each stops, where
# `stop` is called, until it is killed or reads a line.
START = """
import json, os, sys, time
from pathlib import Path
task = json.loads(sys.argv[1])
root = Path(task["root"])

def stop(*_):
    print("stopped", flush=True)
    sys.stdin.readline()
"""

FETCH = (
    START
    + """
from utils.datasets.fetch import download, locked  # as `fashion_mnist`; no torch
if task["stop"] == "writing":
    os.fsync = stop
name = "train-images-idx3-ubyte.gz"
with locked(root):
    download(root / "FashionMNIST" / "raw" / name, [task["mirror"]], task["md5"][name])
"""
)

GET = (
    START
    + """
from utils.datasets import drawn, published
published.FASHION_MD5.update(task["md5"])
published.datasets.FashionMNIST.mirrors = [task["mirror"]]
draw_split, draw_image = drawn.draw_split, drawn.draw_image

def draw(*args, **options):
    with open(root.with_suffix(".log"), "a") as log:
        log.write("drawn\\n")
    time.sleep(0.5)  # time for a second process to draw as well, if it would
    return draw_split(*args, count=12, progress=False, **options)

def draw_until_tenth(label, rng, colour, calls=[]):
    calls.append(label)
    stop() if len(calls) == 10 else None
    return draw_image(label, rng, colour)

drawn.draw_split = draw
if task["stop"] == "drawing":
    drawn.draw_image = draw_until_tenth
if task["stop"] == "start":
    stop()
data = published.fashion_mnist(root=root).data
os.environ["COURSE_OFFLINE"] = "1"
colour = published.cifar10(root=root)
print(json.dumps([data.sum().item(), int(colour.data.sum()), colour.source]))
"""
)


@contextmanager
def other_process(program, root, mirror, stop):
    task = {"root": str(root), "mirror": mirror.url, "stop": stop, "md5": published.FASHION_MD5}
    child = subprocess.Popen(
        [sys.executable, "-c", program, json.dumps(task)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def wait_until_stopped(child):
    """Read what the child prints (notices too) until it says that it has stopped."""
    lines = iter(child.stdout.readline, "")
    assert "stopped\n" in lines


def kill(child):
    child.kill()
    assert child.wait() != 0


def test_killed_while_downloading(fashion, mirror, tmp_path):
    mirror.answer = half_then_nothing
    with other_process(FETCH, tmp_path, mirror, stop="never") as child:
        while not mirror.half_sent.wait(0.1):
            assert child.poll() is None
        kill(child)
    assert not list(tmp_path.rglob("*ubyte*"))
    mirror.answer = whole
    assert_published(fashion, tmp_path)


def test_killed_while_writing(fashion, mirror, tmp_path):
    with other_process(FETCH, tmp_path, mirror, stop="writing") as child:
        wait_until_stopped(child)
        kill(child)
    [part] = tmp_path.rglob("*ubyte*")
    assert part.suffix == ".part"
    os.truncate(part, part.stat().st_size // 2)  # as if the power had gone too
    assert_published(fashion, tmp_path)


def test_killed_while_drawing(fashion, mirror, offline, tmp_path):
    with other_process(GET, tmp_path, mirror, stop="drawing") as child:
        wait_until_stopped(child)
        kill(child)
    assert not list(tmp_path.rglob("*ubyte*"))
    assert_drawn(fashion, tmp_path)


@pytest.mark.parametrize(("value", "renamed"), [("0", 0), ("0", 1), ("1", 0), ("1", 1), ("1", 2)])
def test_interrupted_between_two_files(fashion, renamed, value, monkeypatch, tmp_path):
    """Ctrl-C after some files are in place, of the two fetched or the three drawn."""
    monkeypatch.setenv("COURSE_OFFLINE", value)
    replace, done = os.replace, []

    def interrupted(*paths):
        if len(done) == renamed:
            raise KeyboardInterrupt
        done.append(paths)
        replace(*paths)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", interrupted)
        fashion.get(root=tmp_path)
    assert len(done) == renamed
    (assert_drawn if value == "1" else assert_published)(fashion, tmp_path)


def test_two_at_once_do_the_work_once(fashion, mirror, tmp_path):
    mirror.answer = slowly
    together = partial(other_process, GET, tmp_path / "data", mirror, stop="start")
    with together() as first, together() as second:
        for child in first, second:
            wait_until_stopped(child)
        for child in first, second:
            child.stdin.write("go\n")
            child.stdin.flush()
        ends = [json.loads(child.communicate()[0].splitlines()[-1]) for child in (first, second)]
    pixels = int(fashion.truth[True][0].sum())
    assert ends == [[pixels, int(draw_few(colour=True)[0].sum()), "drawn"]] * 2
    names = ["/train-images-idx3-ubyte.gz", "/train-labels-idx1-ubyte.gz"]
    assert sorted(mirror.asked) == names
    assert (tmp_path / "data.log").read_text() == "drawn\n"
