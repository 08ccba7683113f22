"""Lesson plans: their minutes follow from the page, and each prediction has its poll."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.chapters import CHAPTERS, ROOT, exercises
from tools.lessons import CUTS, LESSONS, chosen_in, core, main, minutes, notebook, renewed, table

FILES = sorted(LESSONS.glob("[0-9][0-9].md"))
NAMES = {name[:2]: name for name in CHAPTERS}
POLL = re.compile(r"^(\d+)\. \*\*(.+)\*\*\n((?:    - .+\n)+)", re.MULTILINE)
each = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def text_of(path):
    return path.read_text(encoding="utf-8")


def test_each_chapter_has_a_plan():
    assert {path.stem for path in FILES} == set(NAMES)


@each
def test_the_minutes_follow_from_the_page(path):
    """`make lessons` writes them."""
    assert text_of(path) == renewed(text_of(path), path.stem)


@each
def test_a_cut_fits_into_its_lesson(path):
    left = re.search(r"^\| left for .+ \| \| (-?\d+) \| (-?\d+) \|$", text_of(path), re.MULTILINE)
    for cut, minutes_left in zip(CUTS, map(int, left.groups()), strict=True):
        assert cut / 10 <= minutes_left <= cut / 3


@each
def test_each_prediction_has_a_poll(path):
    predictions = [text for _, found in core(notebook(path.stem)).values() for text in found]
    polls = POLL.findall(text_of(path))
    assert [question for _, question, _ in polls] == predictions
    assert [int(number) for number, *_ in polls] == [*range(1, len(polls) + 1)]
    for _, question, answers in polls:
        right, *wrong = answers.splitlines()
        assert right.startswith("    - right: "), question
        assert wrong and all(re.fullmatch(r"    - wrong, \*.+\*: .+\.", line) for line in wrong), (
            question
        )


@each
def test_the_exercises_exist(path):
    numbers = set(
        re.findall(rf"\b{int(path.stem)}\.\d+\b", text_of(path).rpartition("## Homework")[2])
    )
    assert numbers == set(exercises(NAMES[path.stem]))


@pytest.mark.parametrize("path", sorted((ROOT / "teaching").rglob("*.md")), ids=lambda p: p.stem)
def test_links_lead_somewhere(path):
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text_of(path)):
        assert link.startswith("https://") or (path.parent / link).exists(), link


def prose(words, head=""):
    return new_markdown_cell(head + "word " * words)


def page():
    return [
        prose(0), prose(0, "## You will be able to\n"), new_code_cell("folded\n" * 100),
        prose(216, "## One\n\n"), new_code_cell("x\n" * 12),
        prose(0, "> **Predict.** Is [it](a.ipynb#B) so?\n"),
        prose(100, "After it.\n\n## Two, in the middle of a cell\n\n"),
        prose(1100, "## Further: more\n"), prose(0, "## Your turn\n"), prose(107, "## Summary\n"),
    ]  # fmt: skip


def test_sections_of_the_core_by_hand():
    sections = core(page())
    assert [*sections] == ["One", "Two, in the middle of a cell", "Summary"]
    spent, predictions = sections["One"]
    # 220 words with those of the prediction and of "After it.", 12 lines, one prediction
    assert spent == pytest.approx(60 * (2 + 216 + 2 + 6 + 2 - 2) / 110 + 60 + 30, abs=2)
    assert predictions == ["Is it so?"]


def test_minutes_in_class_add_a_minute_for_each_poll():
    assert minutes(100) == 2
    assert minutes(100, polls=3) == 5
    assert minutes(5) == 1
    sections = {"One": (120, ["a", "b"]), "Two": (180, []), "New": (60, [])}
    lines = table({"One": ("9", "home"), "Two": ("-", "1")}, sections).splitlines()[2:]
    assert lines == [
        "| One | 2 | 4 | home |",
        "| Two | 3 | - | 3 |",
        "| New | 1 | - | - |",
        "| **together** | **6** | **4** | **3** |",
        "| left for the start, questions and exercises | | 86 | 42 |",
    ]
    assert chosen_in("\n".join(lines))["Two"] == ("-", "3")


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("no plan", "03.md has no <!-- plan -->"),
        ("<!-- plan -->\n| One | 2 | yes | - |\n<!-- /plan -->", "One: 'yes', expected home, -"),
    ],
)
def test_a_bad_plan_is_named(plan, said, tmp_path):
    (tmp_path / "notebooks").mkdir()
    nbformat.write(new_notebook(cells=page()), tmp_path / "notebooks" / "03_x.ipynb")
    with pytest.raises(ValueError, match=re.escape(said)):
        renewed(plan, "03", tmp_path)


def test_a_renamed_section_gets_its_row(tmp_path):
    (tmp_path / "notebooks").mkdir()
    nbformat.write(new_notebook(cells=page()), tmp_path / "notebooks" / "03_x.ipynb")
    rows = "| Old | 2 | 2 | - |\n| Summary | 9 | 9 | - |\n"
    plan = f"Before.\n<!-- plan -->\n{rows}<!-- /plan -->\nAfter."
    text = renewed(plan, "03", tmp_path)
    assert text.startswith("Before.\n") and text.endswith("\nAfter.")
    assert "| Old |" not in text
    assert "| Summary | 1 | 1 | - |" in text
    assert "| One | 4 | - | - |" in text


def test_a_chapter_without_a_plan_is_named(monkeypatch):
    monkeypatch.setattr("sys.argv", ["lessons", "42"])
    with pytest.raises(SystemExit, match="no lesson plan for chapter '42'; there are 00, 01"):
        main()


def test_the_self_test_prints_what_its_answers_say(capsys):
    guide = text_of(ROOT / "teaching" / "guide.md")
    blocks = re.findall(r"   ```(python|text)\n(.*?)   ```", guide, re.DOTALL)
    blocks = [(kind, re.sub(r"^   ", "", code, flags=re.MULTILINE)) for kind, code in blocks]
    assert [kind for kind, _ in blocks] == ["python", "text"] * 8
    for (_, code), (_, answer) in zip(blocks[::2], blocks[1::2], strict=True):
        exec(code, {})
        assert capsys.readouterr().out == answer


def test_the_exercises_that_the_guide_gives_exist():
    guide = (
        text_of(ROOT / "teaching" / "guide.md")
        .partition("## Three ways")[2]
        .partition("## Before")[0]
    )
    given = set(re.findall(r"\b\d+\.\d\b", guide))
    assert given and given <= {number for name in CHAPTERS for number in exercises(name)}
