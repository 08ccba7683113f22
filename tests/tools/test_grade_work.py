"""What fails in a run again: a cell of the lesson gets a second chance, and a note says so."""

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("Windows cannot shut processes in", allow_module_level=True)
from tools import grade_work
from tools.grade_work import graded, lesson_cells, run_all

LATE = "the cell ran for more than 5 s and was stopped"
LIMITS = {"minutes": 1, "seconds": 1}


def cell(source, kind="code", **metadata):
    return {"cell_type": kind, "source": source, "metadata": metadata}


TASK = "**1.1 · compute** (easy). How many?"
CHAPTER = [
    cell("import torch"),
    cell("torch.nothing", tags=["raises-exception"]),
    cell("x = 3"),
    cell("## Your turn", "markdown"),
    cell(TASK, "markdown"),
    cell('answer = ...\n\ncheck("1.1", answer)'),
]


def runs(monkeypatch, *scripts):
    """Let each run of a notebook note and return what a script says; return the list of runs."""
    done = []

    def once(cells, asked, lesson, skipped, found, limits, stop, until):
        noted, ended = scripts[min(len(done), len(scripts) - 1)]
        done.append(set(skipped))
        found.update(noted)
        return ended

    monkeypatch.setattr(grade_work, "once", once)
    return done


FAILED = ({2: ("failed", LATE.encode()), 5: ("failed", b"the cell raised NameError")}, None)
ENDED = ({}, (2, "the process ended while this cell ran"))
GOOD = ({5: ("answer", b"3")}, None)


def test_cells_of_the_lesson_are_those_that_stand_there_unchanged_and_should_not_fail():
    changed = [CHAPTER[0], CHAPTER[1], cell("x = 4"), *CHAPTER[3:]]
    assert lesson_cells(CHAPTER, CHAPTER) == {0, 2}
    assert lesson_cells(changed, CHAPTER) == {0}


@pytest.mark.parametrize("first", [FAILED, ENDED])
def test_a_cell_of_the_lesson_that_fails_once_costs_nothing(first, monkeypatch):
    done = runs(monkeypatch, first, GOOD)
    found, notes = run_all(
        ["", "", "", None, None, ""], {5: ("1.1", "answer")}, {0, 2}, LIMITS, None
    )
    assert found == {5: ("answer", b"3")}
    assert done == [set(), set()]  # all of it ran again, this cell too
    [note] = notes
    assert note.startswith("cell 3, which is the lesson's, failed (")
    assert note.endswith("all ran again")


def test_without_a_failure_it_runs_once(monkeypatch):
    done = runs(monkeypatch, GOOD)
    assert run_all([""] * 6, {5: ("1.1", "answer")}, {0, 2}, LIMITS, None)[1] == []
    assert len(done) == 1


def test_a_cell_of_the_learner_that_fails_is_not_run_again(monkeypatch):
    done = runs(monkeypatch, ({5: ("failed", b"raised NameError")}, None))
    found, notes = run_all([""] * 6, {5: ("1.1", "answer")}, {0, 2}, LIMITS, None)
    assert len(done) == 1 and not notes and found[5][0] == "failed"


def test_if_it_fails_again_the_message_says_where(monkeypatch):
    done = runs(monkeypatch, FAILED)
    [[number, verdict, points, message]], notes = graded(CHAPTER, CHAPTER, LIMITS, None)
    assert (number, verdict, points) == ("1.1", "wrong", 0)
    assert "raised NameError; in your notebook cell 3, which is the lesson's, failed" in message
    assert f"({LATE}) again" in message
    assert len(done) == 2 and len(notes) == 2


def test_if_the_process_ends_there_again_the_rest_runs_without_it(monkeypatch):
    done = runs(monkeypatch, ENDED, ENDED, GOOD)
    found, notes = run_all([""] * 6, {5: ("1.1", "answer")}, {0, 2}, LIMITS, None)
    assert done == [set(), set(), {2}]
    assert found == {5: ("answer", b"3")} and len(notes) == 2
