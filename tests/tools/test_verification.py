"""The verification itself: a notebook that should fail does, with the cell named."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.chapters import ROOT

NBVAL = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "conftest"]
NBVAL += ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=100", "-p", "no:cacheprovider"]


def cell(source, printed=None, count=1, tags=()):
    outputs = [new_output("stream", name="stdout", text=printed)] if printed else []
    return new_code_cell(
        source, outputs=outputs, execution_count=count, metadata={"tags": list(tags)}
    )


BOOKS = {
    "right": [cell("print(6 * 7)", "42\n")],
    "wrong": [cell("answer = 6 * 7"), cell("print(answer)", "43\n", 2)],
    "skipped": [cell("print(6 * 7)", "42\n"), cell("print('never')", None, None)],
    "killed": [cell("import os"), cell("os.kill(os.getpid(), 9)", None, 2), cell("1", None, 3)],
    "real": [cell("print('drawn')", "published\n", tags=["real-data"])],
    "error": [cell("1 / 0")],
    "bar": [
        cell(
            "from tqdm.notebook import tqdm\nfor _ in tqdm(range(3)):\n    pass\nprint(6 * 7)",
            "42\n",
        ),
        cell("for _ in tqdm(range(3)):\n    print(6 * 7)", "42\n", 2),
    ],
    "chatty": [  # more messages than all buffers between kernel and test hold
        cell(
            "from tqdm.notebook import tqdm\nfor _ in tqdm(range(9000), mininterval=0):\n    pass\n"
            "print(6 * 7)",
            "42\n",
        )
    ],
}


DRAW_FEW = (
    "import utils.datasets.drawn as drawn, functools\n"
    "drawn.draw_split = functools.partial(drawn.draw_split, count=20, progress=False)\n"
)
GREY_IS_REAL = (
    "import types, utils.datasets as datasets\n"
    "datasets.fashion_mnist = lambda train: types.SimpleNamespace(source='published')\n"
)


def verdicts(folder, books, driver, *options):
    """Return what one run over `books` says: each cell's verdict, and the report of failures."""
    for name, cells in books.items():
        nbformat.write(new_notebook(cells=cells), folder / f"{name}.ipynb")
    data = folder / "data"  # empty, so that the stand-in is used: what is tagged is not compared
    (folder / "sitecustomize.py").write_text(driver)
    env = os.environ | {"COURSE_DATA": str(data), "COURSE_OFFLINE": "1"}
    env["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT)])
    env.pop("OMP_NUM_THREADS", None)
    command = [*NBVAL, "-rA", "--color=no", "--rootdir", str(folder), str(folder), *options]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return verdicts(tmp_path_factory.mktemp("books"), BOOKS, DRAW_FEW)


@pytest.fixture(scope="module")
def of_two(tmp_path_factory):
    """The report of two workers, as `make test WORKERS=2` starts them."""
    folder = tmp_path_factory.mktemp("shared")
    threads = {"threads": [cell("import os\nprint(os.environ['OMP_NUM_THREADS'])", "1\n")]}
    return verdicts(folder, BOOKS | threads, DRAW_FEW, "-n", "2", "--dist", "loadfile")


def test_two_workers_come_to_the_same_verdicts(report, of_two):
    def said(text):
        lines = (line.partition(" - ")[0] for line in text.splitlines() if ".ipynb::Cell" in line)
        return {line for line in lines if line.split()[0] in ("PASSED", "FAILED", "XFAIL")}

    assert len(said(report)) > 10
    assert said(of_two) - said(report) == {"PASSED threads.ipynb::Cell 0"}
    assert not said(report) - said(of_two)


@pytest.mark.parametrize(
    ("place", "verdict"),
    [
        ("right.ipynb::Cell 0", "PASSED"),
        ("wrong.ipynb::Cell 0", "PASSED"),
        ("wrong.ipynb::Cell 1", "FAILED"),
        ("skipped.ipynb::Cell 1", "FAILED"),
        ("killed.ipynb::Cell 1", "FAILED"),
        ("killed.ipynb::Cell 2", "XFAIL"),
        ("real.ipynb::Cell 0", "PASSED"),
        ("error.ipynb::Cell 0", "FAILED"),
        ("bar.ipynb::Cell 0", "PASSED"),
        ("bar.ipynb::Cell 1", "FAILED"),
        ("chatty.ipynb::Cell 0", "PASSED"),
    ],
)
def test_verdicts(report, place, verdict):
    assert any(place in line and verdict in line for line in report.splitlines()), report


@pytest.mark.parametrize(
    "reason", ["This cell was never executed", "The kernel died in this cell", "ZeroDivisionError"]
)
def test_reasons_are_said(report, reason):
    assert reason in report


def test_a_chapter_with_drawn_photographs_is_not_compared_with_the_published_ones(tmp_path):
    tagged = {"tags": ["real-data"]}
    books = {
        "grey": [cell("print('drawn')", "published\n", **tagged)],
        "colour": [cell("print('drawn')  # by cifar10(train=False)", "published\n", **tagged)],
    }
    lines = verdicts(tmp_path, books, DRAW_FEW + GREY_IS_REAL).splitlines()
    assert any("grey.ipynb::Cell 0" in line and "FAILED" in line for line in lines)
    assert any("colour.ipynb::Cell 0" in line and "PASSED" in line for line in lines)


@pytest.mark.parametrize("workers", ["report", "of_two"])
def test_time_and_memory_are_reported(workers, request):
    report = request.getfixturevalue(workers)
    line = next(line for line in report.splitlines() if line.startswith("right  "))
    seconds, gigabytes = float(line.split()[1]), float(line.split()[3])
    assert seconds > 0
    assert 0.01 < gigabytes < 1 or not os.path.exists("/proc")
