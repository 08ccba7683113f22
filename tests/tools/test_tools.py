"""What maintainers run: executing and measuring."""

import json
import re
import shutil
import subprocess

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.chapters import ROOT
from tools import execute, syllabus


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "00_book.ipynb"
    cells = [
        new_code_cell("print(6 * 7)"),
        new_code_cell(
            "import time\nprint(time.perf_counter_ns())",
            metadata={"tags": ["nbval-ignore-output"], "collapsed": True},
        ),
    ]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_executing_twice_changes_nothing(book):
    execute.renew(book, fresh=False)
    first = book.read_bytes()
    execute.renew(book, fresh=False)
    assert book.read_bytes() == first
    notebook = nbformat.read(book, as_version=4)
    assert [cell.execution_count for cell in notebook.cells] == [1, 2]
    assert notebook.cells[0].outputs[0].text == "42\n"
    assert set(notebook.cells[1].metadata) == {"tags", "executed"}


def test_tracebacks_keep_only_the_notebook_s_frames(book):
    notebook = nbformat.read(book, as_version=4)
    failing = new_code_cell("import json\njson.loads('{')", metadata={"tags": ["raises-exception"]})
    notebook.cells.append(failing)
    nbformat.write(notebook, book)
    execute.renew(book, fresh=False)
    [error] = nbformat.read(book, as_version=4).cells[2].outputs
    assert "json.loads" in re.sub(r"\x1b\[[\d;]*m", "", "".join(error.traceback))
    assert "JSONDecodeError" in error.traceback[-1]
    assert "decoder.py" not in "".join(error.traceback)


PICTURE_OF_A_WIDGET = """
from IPython.display import display
display({"text/plain": "a slider", "image/png": "iVBORw0KGgo=",
         "application/vnd.jupyter.widget-view+json": {"model_id": "1"}}, raw=True)
"""


def test_progress_bars_are_dropped_and_pictures_in_a_widget_s_place_stay(book):
    bar = "from tqdm.auto import tqdm\nfor n in tqdm(range(3)):\n    pass\nprint('done')\nn"
    notebook = nbformat.read(book, as_version=4)
    notebook.cells += [new_code_cell(bar), new_code_cell(PICTURE_OF_A_WIDGET)]
    nbformat.write(notebook, book)
    execute.renew(book, fresh=False)
    *_, bar, picture = nbformat.read(book, as_version=4).cells
    assert [output.get("text") or output.data for output in bar.outputs] == [
        "done\n", {"text/plain": "2"}
    ]  # fmt: skip
    assert [set(output.data) for output in picture.outputs] == [{"text/plain", "image/png"}]


def test_fresh_renews_what_is_ignored(book):
    execute.renew(book, fresh=False)
    first = nbformat.read(book, as_version=4).cells[1].outputs
    execute.renew(book, fresh=True)
    assert nbformat.read(book, as_version=4).cells[1].outputs != first


def test_an_edited_cell_gets_its_new_output(book):
    execute.renew(book, fresh=False)
    notebook = nbformat.read(book, as_version=4)
    notebook.cells[1].source = "print('edited')"
    nbformat.write(notebook, book)
    execute.renew(book, fresh=False)
    assert nbformat.read(book, as_version=4).cells[1].outputs[0].text == "edited\n"


def test_a_failing_cell_leaves_the_notebook_as_it_was(book):
    notebook = nbformat.read(book, as_version=4)
    notebook.cells.append(new_code_cell("1 / 0"))
    nbformat.write(notebook, book)
    before = book.read_bytes()
    with pytest.raises(SystemExit, match=r"(?s)left as it was.*ZeroDivisionError"):
        execute.renew(book, fresh=False)
    assert book.read_bytes() == before


def test_syllabus_writes_readme_and_notebook(tmp_path, monkeypatch):
    head = "# 00 · Start\n\n> **The question.** Which boot?"
    goals = "About 20 minutes of reading. Running every cell took 0 s and 0.0 GB on two cores."
    stub = 'answer = ...\n\ncheck("0.1", answer)'
    cells = [new_markdown_cell(head), new_markdown_cell(goals), new_code_cell(stub)]
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "00_start.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    (tmp_path / "README.md").write_text("# x\n<!-- syllabus -->\nold\n<!-- /syllabus -->\n")
    (tmp_path / "report.json").write_text(
        json.dumps({"00_start": {"seconds": 21.3, "gigabytes": 0.81}})
    )
    monkeypatch.setattr(syllabus, "ROOT", tmp_path)
    monkeypatch.setattr(syllabus, "README", tmp_path / "README.md")
    monkeypatch.setattr(syllabus, "REPORT", tmp_path / "report.json")
    syllabus.main()
    row = (
        "| [00 Start](notebooks/00_start.ipynb) | Which boot? | 5 min, all 5 | 1 | 25 s | 0.9 GB |"
    )
    readme = (tmp_path / "README.md").read_text()
    assert row in readme
    assert "old" not in readme
    assert "took 25 s and 0.9 GB" in nbformat.read(path, as_version=4).cells[1].source


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_every_target_is_described():
    done = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", "")
    [targets] = [line for line in makefile.splitlines() if line.startswith(".PHONY:")]
    described = {line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")}
    assert described == set(targets.split()[1:])
