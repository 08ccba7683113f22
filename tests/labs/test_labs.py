"""The labs: solved rightly and in wrong ways under three seeds, and the files made of them."""

import ast
import re

import nbformat
import pytest
from jinja2 import Environment, StrictUndefined

from teaching.labs.judge import checks, given, verdict
from tests.labs.wrong_ways import SHARED, WRONG_WAYS
from tools import lab_check, labs
from tools.labs import notebook, read, rubric

LABS = sorted(WRONG_WAYS)
SEEDS = (1, 7, 70412)
PAIRS = [(lab, seed) for lab in LABS for seed in SEEDS]


def names_after(*sources):
    names = {}
    for source in sources:
        exec(source, names)
    return names


def written(source, numbers):
    render = Environment(undefined=StrictUndefined).from_string
    return render(source).render(numbers | SHARED)


@pytest.mark.parametrize(("lab", "seed"), PAIRS)
def test_solutions_are_right_and_stubs_not_attempted(lab, seed):
    read_lab = read(lab, given(lab, seed))
    for task in read_lab.tasks:
        for source, expected in (
            (task.solution, (True, "right")),
            (
                task.stub,
                (False, "not attempted yet"),
            ),
        ):
            answer = names_after(read_lab.setup, source)[task.name]
            assert verdict(lab, seed, task.number, answer) == expected, f"task {task.number}"


@pytest.mark.parametrize(("lab", "seed"), PAIRS)
def test_wrong_ways_are_named(lab, seed):
    numbers = given(lab, seed)
    read_lab = read(lab, numbers)
    assert len(WRONG_WAYS[lab]) >= 5
    assert {task for task, *_ in WRONG_WAYS[lab]} == {task.number for task in read_lab.tasks}
    for number, source, words in WRONG_WAYS[lab]:
        task = read_lab.tasks[number - 1]
        answer = names_after(read_lab.setup, written(source, numbers))[task.name]
        right, said = verdict(lab, seed, number, answer)
        assert not right, f"task {number} accepts {source}"
        assert said.startswith("not right yet: ") and words in said, f"task {number}: {said}"


@pytest.mark.parametrize("lab", LABS)
def test_numbers_and_cases_follow_the_seed(lab):
    first, again, other = (given(lab, seed) for seed in (7, 7, 8))
    assert first == again != other
    for task in read(lab, first).tasks:
        if not task.example and (lab, task.number) != (3, 5):  # few sets of layers exist there
            both = [read(lab, numbers) for numbers in (first, other)]
            solved = [(one.setup, one.tasks[task.number - 1].solution) for one in both]
            answers = [names_after(*sources)[task.name] for sources in solved]
            assert answers[0] != answers[1] or first.get("options"), f"task {task.number}"


@pytest.mark.parametrize("lab", LABS)
def test_no_mistake_leads_to_the_right_number_by_chance(lab, monkeypatch):
    found = []
    monkeypatch.setattr(checks(lab), "expect_value", lambda *given: found.append(given[1:]))
    for seed in range(1, 101):
        numbers = given(lab, seed)
        for task in ("task_1", "task_2")[: 2 if lab in (2, 5) else 1]:
            answer = (0,) * (3 if task == "task_2" else 2)
            getattr(checks(lab), task)(answer, numbers, None)
    assert len(found) >= 100
    for right, mistakes in found:
        assert right not in [value for value, _ in mistakes]


@pytest.mark.parametrize("lab", LABS)
def test_examples_print_what_the_text_says(lab, capsys):
    read_lab = read(lab, given(lab, 7))
    for task in [task for task in read_lab.tasks if task.example]:
        names_after(read_lab.setup, task.stub, task.example)  # the stub's does not fail
        capsys.readouterr()
        names_after(read_lab.setup, task.solution, task.example)
        said = " ".join(capsys.readouterr().out.split())
        assert f"`{said}`" in " ".join(task.text.split())


@pytest.mark.parametrize("lab", LABS)
def test_the_starter_holds_no_answer(lab):
    read_lab = read(lab, given(lab, 70412))
    starter, solution = notebook(read_lab), notebook(read_lab, solved=True)
    nbformat.validate(starter), nbformat.validate(solution)
    text, solved = nbformat.writes(starter), "\n".join(cell.source for cell in solution.cells)
    assert "70412" not in text and "Rubric" not in text and "{{" not in text
    assert 4 <= len(read_lab.tasks) <= 6
    for task in read_lab.tasks:
        assert task.solution not in "\n".join(cell.source for cell in starter.cells)
        assert task.solution in solved and task.text in solved
        highest = max(int(points) for points in re.findall(r"- (\d) points?\b", task.rubric))
        assert highest == task.points
    assert "70412" in rubric(read_lab, lab, 70412)
    for cell in starter.cells + solution.cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        (labs, "--seed 7", "LAB is not given, expected a number from 1 to 5"),
        (labs, "--lab 9 --seed 7", "LAB is 9, expected a number from 1 to 5"),
        (labs, "--lab 2", "SEED is not given. Choose a whole number"),
        (labs, "--lab 2 --seed 0", "'0' is no whole number from 1 on"),
        (lab_check, "--lab 2 --seed 7", "SUBMISSION is not given"),
        (lab_check, "--lab 2 --seed 7 no_such_file", "no_such_file, which is not there"),
    ],
)
def test_wrong_settings_are_named(tool, arguments, words, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["tool", *arguments.split()])
    with pytest.raises(SystemExit) as ended:
        tool.main()
    assert words in f"{ended.value} {capsys.readouterr().err}"
