"""The chapters in their new form keep the rules of a page; and each rule sees what it is for."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from tests.chapters import CHAPTERS, NEW_FORM, exercises
from tests.course import rules

FILES = {f"{name}.ipynb": notebook.cells for name, notebook in CHAPTERS.items()}
RULES = {
    "setup": rules.setup_is_folded,
    "minutes": rules.minutes_are_stated,
    "further": rules.further_is_apart,
    "asserts": rules.asserts_show,
    "predictions": rules.predictions_are_answered,
    "results": rules.few_results_each_named,
    "plain": rules.plain_code,
    "ignored": rules.only_times_are_ignored,
    "distances": rules.distances_are_measured,
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", NEW_FORM)
def test_the_rules_of_a_page(name, rule):
    assert RULES[rule](CHAPTERS[name].cells) == []


@pytest.mark.parametrize("name", NEW_FORM)
def test_each_goal_has_an_exercise(name):
    assert rules.goals_have_exercises(CHAPTERS[name].cells, exercises(name)) == []


@pytest.mark.parametrize("name", NEW_FORM)
def test_what_is_promised_of_other_chapters_stands_there(name):
    assert rules.promises_are_kept(CHAPTERS[name].cells, FILES) == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_setup_cell_is_folded(name):
    assert rules.setup_is_folded(CHAPTERS[name].cells) == []


def code(source, printed="", **metadata):
    outputs = [new_output("stream", name="stdout", text=printed)] if printed else []
    return new_code_cell(source, outputs=outputs, metadata=metadata)


def page(*cells, goals="- count (exercise 7.1)"):
    setup = code(rules.TITLE, **rules.FOLDED)
    head = [new_markdown_cell("# 07 · Loop"), new_markdown_cell(goals), setup]
    return [*head, *cells, new_markdown_cell("## Your turn"), code("assert True")]


def prose(text):
    return new_markdown_cell(text)


PREDICTION = prose("> **Predict.** How many?")
TRIO = 'print("by hand", a)\nprint("PyTorch", b)\nprint("difference", c)'
FAULTS = [
    ("asserts", page(code("x = 1\nassert x == 1")), "asserts and shows nothing"),
    ("predictions", page(PREDICTION, code("x = 1"), prose("One.")), "nothing to see"),
    ("predictions", page(PREDICTION, prose("One."), code("1", "1")), "nothing to see"),
    ("results", page(code("print('a', 1)\nprint('b', 2)\nplot_grid(x)")), "shows 3 results"),
    ("results", page(code("a = 1\na, 2")), "ends in a tuple"),
    ("results", page(code("print(a)\nprint('b', b)")), "each needs its name"),
    ("plain", page(code("print((n := 3))")), "assigns within"),
    ("plain", page(code("all(x > 1 for x in y)")), "a plain loop"),
    ("plain", page(code("f'{a if a else b}'")), "decides within an f-string"),
    ("ignored", page(code("1", "87.2 % right", tags=["nbval-ignore-output"])), "more than times"),
    ("distances", page(code("1", "loss 0.50", about=0.1, seen=0.02)), "0.02 was seen"),
    ("distances", page(code("1", "loss 0.50", about=0.1)), "None is no distance"),
    ("distances", page(code("1", "loss 0.50", about="?")), "'?' is no distance"),
    ("distances", page(code("1", "0.5 or 0.6", about=[0.1], seen=[0.1])), "2 numbers and 1"),
    ("minutes", page(), "would write: About 5 minutes for the core, 5 with everything."),
    ("minutes", page(prose("word " * 9000)), "the core takes 80 minutes, an hour at most"),
    ("further", page(prose("## One")), "no section"),
    ("further", page(prose("## Further: a. Skip it."), prose("## Two")), "'Two' stands after"),
    ("further", page(prose("## Further: a")), "does not say"),
    ("setup", [prose("# 07"), prose(""), code("import torch")], "must begin with"),
]  # fmt: skip
KEPT = [
    ("asserts", page(code("print(x)\nassert x == 1", "1"))),
    ("predictions", page(PREDICTION, code("x = 1"), code("x", "1"), prose("One."))),
    ("predictions", page(prose(f"{PREDICTION.source}\n\n<details>{rules.ANSWER}</details>"))),
    ("results", page(code(TRIO))),
    ("results", page(code("%%writefile a.py\nprint(1)\nprint(2)\nprint(3)"))),
    ("results", page(code("def f():\n    print(1)\n    print(2)\n    print(3)"))),
    ("plain", page(code("!ls\nall(flags)"))),
    ("ignored", page(code("1", "26 s of training\n\n", tags=["nbval-ignore-output"]))),
    ("distances", page(code("1", "loss 0.50, epoch 3", about=0.06, seen=0.02))),
    ("distances", page(code("1", "0.5 of 100", about=[0.3, 0], seen=[0.1, 0]))),
    ("further", page(prose("## One"), prose("## Further: more\n\nSkip this at first."))),
    ("minutes", page(goals="About 5 minutes for the core, 5 with everything.")),
    ("setup", page()),
]


@pytest.mark.parametrize(("rule", "cells", "message"), FAULTS)
def test_a_planted_fault_is_seen(rule, cells, message):
    assert any(message in complaint for complaint in RULES[rule](cells))


@pytest.mark.parametrize(("rule", "cells"), KEPT)
def test_what_is_right_is_let_be(rule, cells):
    assert RULES[rule](cells) == []


@pytest.mark.parametrize(
    ("goals", "message"),
    [
        ("- count (exercise 7.1)\n- build it", "no exercise is named for the goal 'build it'"),
        ("- count (exercises 7.1 and 7.9)", "7.9 is no exercise"),
        ("- count 7.1 things", "no exercise is named"),
    ],
)
def test_a_goal_without_exercise_is_seen(goals, message):
    complaints = rules.goals_have_exercises(page(goals=goals), {"7.1": None})
    assert any(message in complaint for complaint in complaints)
    assert rules.goals_have_exercises(page(), {"7.1": None}) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("see [chapter 08](08_gpu.ipynb#The-ladder)", None),
        ("next [08 GPU](08_gpu.ipynb)", None),
        ("as in chapter 07", None),
        ("see [chapter 08](08_gpu.ipynb#The-queue)", "08_gpu.ipynb has no heading 'The-queue'"),
        ("see [there](08_gpu.ipynb)", "leads to no heading"),
        ("chapter 08 measures it", "speaks of chapter 08 without a link"),
        ("see [09](09_more.ipynb#x)", "there is no 09_more.ipynb"),
    ],
)
def test_an_empty_promise_is_seen(text, message):
    others = {"08_gpu.ipynb": [prose("# 08 · GPU"), prose("## The `ladder`\n\n## The ladder")]}
    complaints = rules.promises_are_kept(page(prose(text)), others)
    assert complaints == [] if message is None else message in complaints[0]
