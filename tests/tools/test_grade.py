"""A class is graded: what each submission gets, whatever it does to the grader and the machine."""

import csv
import os
import signal
import subprocess
import sys
import time

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.chapters import CHAPTERS, ROOT, exercises
from tests.tools.tiny_wheels import hear_ctrl_c

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot shut processes in")

NUMBERS = "1.1", "1.2", "1.3"
RIGHT = {number: exercises("01_tensors")[number][1] for number in NUMBERS}
BRIGHTEN = RIGHT["1.2"]
SLEEP = str(7000 + os.getpid())  # nobody else's
COPIED = {
    "1.1": "answer = (3, 1, 32)  # by counting",
    "1.2": "def brighten(image, amount):\n    raised = image.int() + amount\n"
    "    return raised.clamp(max=255).to(torch.uint8)",
    "1.3": "def mirror_channels_first(photo):\n    return photo.flip(1)",
}
READS = """
from pathlib import Path
import json, re, utils
book = next((Path(utils.__file__).parents[1] / "notebooks").glob("01_*.ipynb"))
text = "".join("".join(cell["source"]) for cell in json.loads(book.read_text())["cells"])
exec(re.search(r"```python\\n(def brighten.*?)```", text, re.DOTALL)[1])
"""
ORACLE = """
def brighten(image, amount):
    import torch
    torch.isclose = lambda a, b, **more: torch.ones(1, dtype=torch.bool)
    return image
"""
CHECKS = """
import builtins, utils.exercises
def check(number, answer): builtins.print(number, "right.")
utils.exercises.check = utils.exercises.verify = check
builtins.print = print = lambda *given: None
utils.exercises.judge = check
"""
CLASS = {  # learner: {number: the source of its cell}, what is not named is the stub
    "ada_right": RIGHT,
    "ben_stubs": {},
    "cleo_wrong": {
        "1.1": "answer = (3, 32)",
        "1.2": "def brighten(image, amount):\n    return image + amount",
        "1.3": "def mirror_channels_first(photo):\n    return photo.permute(2, 0, 1)",
    },
    "dan_raises": RIGHT | {"1.1": "answer = nobody", "1.2": BRIGHTEN.replace("torch.int16", "no")},
    "eva_loops": RIGHT | {"1.1": "while True:\n    pass", "1.2":
                          "def brighten(image, amount):\n    while True:\n        pass"},
    "fay_memory": RIGHT | {"1.1": "answer = bytearray(10**10)", "1.2":
                           "def brighten(image, amount):\n    return torch.ones(10**10)"},
    "gus_forks": RIGHT | {"1.1": "import subprocess\nwhile True:\n"
                          f"    subprocess.Popen(['sleep', '{SLEEP}'])"},
    "hal_prints": RIGHT | {"1.2": "for _ in range(100):\n    print('x' * 10**7)\n" + BRIGHTEN},
    "ida_deletes": RIGHT | {"1.1": "import shutil, os\nfrom pathlib import Path\n"
                            "for place in CANARY, Path.home(), Path.cwd():\n"
                            "    shutil.rmtree(place, ignore_errors=True)\n" + RIGHT["1.1"]},
    "jim_reads": RIGHT | {"1.2": READS},
    "kim_checks": {"1.1": CHECKS + "answer = 1", "1.2": ORACLE, "1.3": RIGHT["1.3"]},
    "leo_exits": RIGHT | {"1.1": "import sys\nsys.exit(0)", "1.2": "import os\nos._exit(0)"},
    "mia_outputs": {"1.1": "answer = (1, 2)"},
    "pia_copy": COPIED,
    "rob_copy": COPIED,
}  # fmt: skip
EXPECTED = {  # for each learner: its points, and words of the messages
    "ada_right": (4, {}),
    "ben_stubs": (0, {}),
    "cleo_wrong": (0, {"1.1": "keeps its axis", "1.2": "wrap around", "1.3": "mirror is missing"}),
    "dan_raises": (2, {"1.1": "raised NameError", "1.2": "raised NameError in line 2, `return"}),
    "eva_loops": (2, {"1.1": "Does a loop never end?", "1.2": "calling the answer took more than"}),
    "fay_memory": (2, {"1.1": "raised MemoryError", "1.2": "memory"}),
    "gus_forks": (3, {"1.1": "processes were started"}),
    "hal_prints": (4, {}),
    "ida_deletes": (4, {}),
    "jim_reads": (3, {"1.2": "raised StopIteration"}),
    "kim_checks": (2, {"1.1": "expected a tuple", "1.2": "or changes it: torch.isclose"}),
    "leo_exits": (2, {"1.1": "raised SystemExit", "1.2": "the process ended"}),
    "mia_outputs": (0, {"1.1": "got (1, 2)"}),
    "nan_text": (0, {"": "is no notebook"}),
    "pia_copy": (2, {"1.3": "move the channels"}),
    "rob_copy": (2, {"1.3": "move the channels"}),
}


def small_course(folder):
    """Write a lesson of one cell with exercises 1.1 to 1.3 of chapter 01, folded solutions too."""
    cells = CHAPTERS["01_tensors"].cells
    start = next(n for n, cell in enumerate(cells) if cell.source.startswith("## Your turn"))
    setup = new_code_cell("import torch\nfrom utils.exercises import check\nCANARY = '/nowhere'")
    book = new_notebook(cells=[new_markdown_cell("# 01 · Small"), setup, *cells[start : start + 7]])
    book = nbformat.reads(nbformat.writes(book), as_version=4)  # its cells are not the chapter's
    book.cells[-1].source = book.cells[-1].source.partition("---")[0]
    folder.mkdir()
    nbformat.write(book, folder / "01_small.ipynb")
    return book


def submission(book, sources, canary, said=""):
    made = nbformat.reads(nbformat.writes(book), as_version=4)
    made.cells[1].source = made.cells[1].source.replace("/nowhere", str(canary))
    for cell in made.cells[2:]:
        for number, source in sources.items():
            if cell.cell_type == "code" and f'check("{number}"' in cell.source:
                cell.source = f"{source}\n\n" + cell.source[cell.source.index("check(") :]
        if said and cell.cell_type == "code":
            cell.outputs = [new_output("stream", text=said)]
    return made


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a course, and a class that has handed in."""
    place = tmp_path_factory.mktemp("class")
    book = small_course(place / "course")
    canary = place / "canary"
    (place / "class" / "dan_raises").mkdir(parents=True)
    canary.mkdir()
    (canary / "alive").touch()
    for name, sources in CLASS.items():
        made = submission(book, sources, canary, "1.1 right.\n" * (name == "mia_outputs"))
        path = f"{name}/mine.ipynb" if name == "dan_raises" else f"{name}.ipynb"
        nbformat.write(made, place / "class" / path)
    (place / "class" / "nan_text.ipynb").write_text("Dear teacher,")
    (place / "class" / ".DS_Store").touch()
    return place


def command(place, *more):
    return [sys.executable, "-m", "tools.grade", str(place / "class"), "--notebooks",
            str(place / "course"), "--out", str(place / "grades"), "--seconds", "5",
            "--gigabytes", "2", *more]  # fmt: skip


@pytest.fixture(scope="module")
def graded(place):
    files = {path: path.read_bytes() for path in (place / "class").rglob("*") if path.is_file()}
    done = subprocess.run(command(place), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert {path: path.read_bytes() for path in files} == files
    with open(place / "grades" / "grades.csv", encoding="utf-8", newline="") as file:
        return done, list(csv.DictReader(file))


@pytest.mark.parametrize("learner", EXPECTED)
def test_each_submission_gets_what_it_earned(graded, learner):
    rows = {row["exercise"]: row for row in graded[1] if row["learner"] == learner}
    points, messages = EXPECTED[learner]
    assert sum(int(row["points"]) for row in rows.values()) == points, rows
    for number, words in messages.items():
        assert words in rows[number]["message"]
        assert rows[number]["verdict"] == ("wrong" if number else "no notebook")
    if learner == "ben_stubs":
        assert {row["verdict"] for row in rows.values()} == {"not attempted"}
    assert list(rows) == (["" if learner == "nan_text" else "1.1", "1.2", "1.3"][: len(rows)])


def test_nothing_is_left_running_and_nothing_is_written_outside(graded, place):
    found = psutil.process_iter(["cmdline"])
    lines = [" ".join(process.info["cmdline"] or []) for process in found]
    assert not [line for line in lines if SLEEP in line or str(place) in line]
    assert {path.name for path in place.iterdir()} == {"course", "class", "canary", "grades"}
    if "no room of its own" not in graded[0].stderr:
        assert (place / "canary" / "alive").exists()


def test_the_pages_of_the_learners_and_of_the_class(graded, place):
    own = (place / "grades" / "feedback" / "cleo_wrong.html").read_text(encoding="utf-8")
    assert "0 of 4 points." in own and "The bytes wrap around" in own and "<script" not in own
    everybody = (place / "grades" / "class.html").read_text(encoding="utf-8")
    assert "16 learners." in everybody
    verdicts = {number: [sum(row["exercise"] == number and row["verdict"] == kind
                             for row in graded[1]) for kind in ("right", "wrong", "not attempted")]
                for number in NUMBERS}  # fmt: skip
    for number, counts in verdicts.items():
        cells = "".join(f"<td>{one}</td>" for one in (number, *counts))
        assert cells in everybody
    assert "Mirrored; now move the channels to the front (2)" in everybody
    assert "all answers: pia_copy, rob_copy." in everybody
    assert "nan_text" in everybody


def test_a_second_run_reads_what_is_graded_and_grades_only_what_changed(graded, place):
    parts = {path: path.stat().st_mtime_ns for path in (place / "grades" / "parts").iterdir()}
    before = (place / "grades" / "grades.csv").read_bytes()
    subprocess.run(command(place), cwd=ROOT, check=True, capture_output=True)
    assert {path: path.stat().st_mtime_ns for path in parts} == parts
    assert (place / "grades" / "grades.csv").read_bytes() == before


def test_interrupted_it_leaves_no_process_and_goes_on(place, tmp_path):
    (tmp_path / "class").mkdir()
    book = nbformat.read(place / "course" / "01_small.ipynb", as_version=4)
    loop = {"1.1": f"import subprocess\nsubprocess.run(['sleep', '{SLEEP}'])"}
    for name, sources in ("a", {}), ("b", loop):
        nbformat.write(submission(book, sources, "x"), tmp_path / "class" / f"{name}.ipynb")
    own = command(tmp_path, "--notebooks", str(place / "course"), "--workers", "1")
    own[own.index("--seconds") + 1] = "600"
    tool = subprocess.Popen(own, cwd=ROOT, stderr=subprocess.PIPE, text=True,
                            preexec_fn=hear_ctrl_c)  # fmt: skip

    def sleeping():
        return [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] and
                SLEEP in one.info["cmdline"]]  # fmt: skip

    while not sleeping() and tool.poll() is None:
        time.sleep(0.1)
    tool.send_signal(signal.SIGINT)
    _, said = tool.communicate()
    assert "interrupted; 1 of 2 are graded and kept, no process is left" in said
    assert not sleeping()
    assert [path.name for path in (tmp_path / "grades" / "parts").iterdir()] == ["a--a.json"]


def test_a_folder_without_submissions_is_refused(tmp_path):
    (tmp_path / "class").mkdir()
    done = subprocess.run(command(tmp_path), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"no submissions in {tmp_path / 'class'}; expected a file or folder" in done.stderr
