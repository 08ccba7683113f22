"""Editions for a class: nothing of the answers is left, all else is equal, the rules are kept."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import PyFileConfigLoader

from tests.chapters import CHAPTERS, NEW_FORM, PATHS, ROOT, exercises
from tests.course import rules, test_course
from tests.course.test_pages import FILES, RULES
from tools import edition
from tools.turns import exercises as tasks

GONE = {"none": ("Hint", "Solution"), "hints": ("Solution",)}
KEPT_RULES = (
    "executed_in_order_from_a_blank_kernel", "errors_only_where_they_are_wanted",
    "no_output_on_stderr", "only_meaningful_metadata",
    "outputs_that_are_kept_belong_to_their_source", "figures_have_alternative_text",
    "anatomy_in_order", "the_reader_predicts_and_sees_a_failure_and_a_proof", "rhythm",
    "nothing_silenced", "checks_name_known_exercises", "links_resolve", "neighbours_are_linked",
)  # fmt: skip
each = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
answers = pytest.mark.parametrize("answers", list(GONE))


def lines_outside(cells, summaries):
    """Return all lines of text but those between an opening with such a summary and its end."""
    kept, inside = [], False
    for line in "\n".join(cell.source for cell in cells).splitlines():
        inside = inside or any(line == f"<details><summary>{s}</summary>" for s in summaries)
        if not inside and line.strip():
            kept.append(line)
        inside = inside and line != "</details>"
    return kept


@each
@answers
def test_nothing_of_the_answers_is_left_and_all_else_is_equal(path, answers):
    made, original = edition.edition(path, answers), CHAPTERS[path.stem]
    before, after = ([cell for cell in book.cells if cell.cell_type == "code"] for book in
                     (original, made))  # fmt: skip
    assert before == after
    for old, new in zip(original.cells, made.cells, strict=True):
        expected = "\n".join(lines_outside([old], GONE[answers])) or "---"
        expected = expected.replace(edition.TOLD, edition.INSTEAD[answers])
        assert "\n".join(lines_outside([new], ())) == expected
    assert made.metadata == original.metadata
    assert [cell.id for cell in made.cells] == [cell.id for cell in original.cells]


@each
@answers
def test_no_answer_is_found_by_searching(path, answers):
    text = nbformat.writes(edition.edition(path, answers))
    assert "Solution<" not in text
    assert text.count("<summary>Hint<") == (answers == "hints") * len(exercises(path.stem))
    after = "\n".join(cell.source for cell in edition.edition(path, answers).cells)
    after = after[after.index("## Your turn") :]
    for number, (_, solution) in exercises(path.stem).items():
        assert solution.strip() not in after, number


@each
@answers
def test_an_edition_passes_the_course_s_rules(path, answers, monkeypatch):
    name, made = path.stem, edition.edition(path, answers)
    numbers = exercises(name)
    monkeypatch.setitem(CHAPTERS, name, made)
    for rule in KEPT_RULES:
        getattr(test_course, f"test_{rule}")(name)
    if name in NEW_FORM:
        for rule in RULES.values():
            assert rule(made.cells) == []
        assert rules.goals_have_exercises(made.cells, numbers) == []
        assert rules.promises_are_kept(made.cells, FILES) == []


def test_the_sentence_about_folded_lines_stands_once():
    said = [name for name, book in CHAPTERS.items() if edition.TOLD in nbformat.writes(book)]
    assert said == ["00_start_here"]


@each
def test_nbgrader_s_source_has_each_solution_and_its_points(path):
    notebook = edition.edition(path, "none", nbgrader=True)
    graded = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    points = {one.number: {"easy": 1, "medium": 2, "hard": 3}[one.level]
              for one in tasks(CHAPTERS[path.stem].cells)}  # fmt: skip
    assert [cell.metadata.nbgrader.points for cell in graded] == list(points.values())
    assert [re.search(r'verify\("(.+?)"', cell.source)[1] for cell in graded] == list(points)
    answers = [cell.source for cell in notebook.cells if "BEGIN SOLUTION" in cell.source]
    for source, (stub, solution) in zip(answers, exercises(path.stem).values(), strict=True):
        between = source.partition("BEGIN SOLUTION\n")[2].partition("### END SOLUTION")[0]
        assert between == solution
        cleared = source.replace(f"### BEGIN SOLUTION\n{solution}### END SOLUTION", "")
        assert cleared.split() == stub.split()


def test_the_command_writes_the_pictures_too(tmp_path):
    command = [sys.executable, "-m", "tools.edition", "--out", str(tmp_path)]
    done = subprocess.run([*command, str(PATHS[5])], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == str(tmp_path / PATHS[5].name), done.stderr
    assert (tmp_path / "pictures" / "tensorboard_graph.png").read_bytes()


def test_a_chapter_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["edition", "notebooks/33.ipynb"])
    with pytest.raises(SystemExit, match=r"there is no notebooks.33\.ipynb.*CHAPTER=03"):
        edition.main()


def small_course(folder):
    """Write a lesson of one line with exercises 1.1 to 1.3 of chapter 01, and return its path."""
    cells = CHAPTERS["01_tensors"].cells
    start = next(n for n, cell in enumerate(cells) if cell.source.startswith("## Your turn"))
    setup = new_code_cell("import torch\nfrom utils.exercises import check")
    book = new_notebook(cells=[new_markdown_cell("# 01 · Small"), setup, *cells[start : start + 7]])
    book.metadata = CHAPTERS["01_tensors"].metadata
    nbformat.write(book, folder / "01_small.ipynb")
    return folder / "01_small.ipynb"


@pytest.fixture
def nbgrader(tmp_path, monkeypatch):
    """Return nbgrader's interface, with the configuration that is written beside the source."""
    folder = tmp_path / "class"
    edition.write(small_course(tmp_path), "none", True, folder)
    config = PyFileConfigLoader("nbgrader_config.py", str(folder)).load_config()
    config.CourseDirectory.root = str(folder)
    # nbgrader starts alembic, a program of the same environment
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    monkeypatch.setenv("PATH", path)
    return NbGraderAPI(config=config)


def test_nbgrader_s_three_steps_give_the_expected_marks(nbgrader, tmp_path):
    folder = tmp_path / "class"
    done = nbgrader.generate_assignment("01_small")
    assert done["success"], done["log"]
    released = nbformat.read(folder / "release" / "01_small" / "01_small.ipynb", as_version=4)
    assert "SOLUTION" not in nbformat.writes(released)
    for cell in released.cells:  # 1.1 right, 1.2 wrong, 1.3 not attempted; the judge overwritten
        if cell.cell_type == "code" and 'check("1.1"' in cell.source:
            cell.source = cell.source.replace("...", "(3, 1, 32)")
        elif cell.cell_type == "code" and 'check("1.2"' in cell.source:
            cell.source = "def brighten(image, amount):\n    return image + amount"
        elif 'verify("1.3"' in cell.source:
            cell.source = "print('right')"
    submitted = folder / "submitted" / "ada" / "01_small" / "01_small.ipynb"
    submitted.parent.mkdir(parents=True)
    nbformat.write(released, submitted)
    for step in nbgrader.autograde, nbgrader.generate_feedback:
        done = step("01_small", "ada")
        assert done["success"], done["log"]
    page = folder / "feedback" / "ada" / "01_small" / "01_small.html"
    text = page.read_text(encoding="utf-8")
    assert "The bytes wrap around" in text and "NotAttempted" in text
    [row] = nbgrader.get_submissions("01_small")
    assert (row["score"], row["max_score"]) == (1.0, 4.0)
