"""The pages of a grading: mistakes are named, and what a learner wrote stays text."""

import csv
import io

import pytest

from tools import grade_pages

HOSTILE = "<script>alert(1)</script>"
MISTAKES = [
    ("given tensor([9]), tensor([9]): got 3, expected 0.75. That is a count; divide it",
     "That is a count; divide it"),
    ("got (3, 32). `:1` is a slice", "`:1` is a slice"),
    ("got shape (4, 6), expected (6, 4)", "a mistake without a name"),
    ("given 3, 4: your code raised NameError in line 2, `a.b. c`: name 'no'. Not defined",
     "the code raised NameError"),
    ("the cell raised SystemExit: 0", "the code raised SystemExit"),
    ("calling the answer took more than 5 s", "calling the answer took more than 5 s"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "named"), MISTAKES)
def test_a_mistake_is_named_without_the_learner_s_values(message, named):
    assert grade_pages.mistake(message) == named


def test_what_a_learner_wrote_stays_text():
    rows = [(HOSTILE, "1.1", "wrong", 0, f"got {HOSTILE}. {HOSTILE}"),
            ("bo", "1.1", "right", 1, "=cmd()"), ("di", "", "no notebook", 0, HOSTILE)]  # fmt: skip
    pages = [grade_pages.class_page(rows, [[HOSTILE, "bo"]], [f"{HOSTILE}: cell 3 failed"])]
    assert "cell 3 failed" in pages[0]
    pages += [grade_pages.feedback(row[0], [row], {"1.1": 1}) for row in rows]
    assert not [page for page in pages if "<script" in page]
    assert "1 of 1 points." in pages[2] and "0 of 1 points." in pages[1]
    read = list(csv.reader(io.StringIO(grade_pages.grades(rows))))
    assert read[1][0] == HOSTILE and read[2][4] == "'=cmd()"


def test_the_most_frequent_mistakes_come_first():
    rows = [(f"l{n}", "1.1", "wrong", 0, f"got {n}. {'Too big' if n % 3 else 'Too small'}")
            for n in range(9)] + [("m", "10.2", "not attempted", 0, "")]  # fmt: skip
    page = grade_pages.class_page(rows, [])
    assert "<td>1.1</td><td>0</td><td>9</td><td>0</td><td>Too big (6); Too small (3)</td>" in page
    assert page.index("<td>1.1</td>") < page.index("<td>10.2</td>")
