"""The machinery behind test_instructions, on notebooks made up to hold faults, and on none."""

import nbformat
import pytest
import torch
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.course.changes import Fault, Page, actions_of, masked
from tests.course.spans import classified, problem_with
from tests.course.told import Told, needs_copies


def notebook(*sources):
    """Return a notebook: prose where a source begins with > # * or <, code elsewhere."""
    cells = [
        new_markdown_cell(source) if source[0] in ">#*<" else new_code_cell(source)
        for source in sources
    ]
    return new_notebook(cells=cells)


def problems(tmp_path, *sources, limit=60):
    """Return {title: problems} of a made-up notebook's instructions, carried out."""
    path = tmp_path / "made_up.ipynb"
    nbformat.write(notebook(*sources), path)
    told = Told(path, limit)
    told.start()
    try:
        found = [told.problems(number) for number in range(len(told.instructions))]
    finally:
        told.stop()
    titles = [f"{instruction.cell} {instruction.title}" for instruction in told.instructions]
    return dict(zip(titles, found, strict=True))


def rewritten(sentence, *sources):
    """Return what a sentence makes of code cells."""
    text, pieces, _ = masked(sentence)
    page = Page(dict(enumerate(sources)))
    for action in actions_of(text, pieces)[0]:
        for new in action.new if action.kind == "change" else (None,):
            page.apply(action, new)
    return list(page.now.values())


@pytest.mark.parametrize(
    ("sentence", "before", "after"),
    [
        ("Change `lr=0.3` to `lr=3`.", "f(lr=0.3)", "f(lr=3)"),
        ("Now replace `3` by `4` and run.", "f(0.3, 13, 3)", "f(0.3, 13, 4)"),
        ("Change `a` in the cell above into `b` and `c` into `d`.", "a = c", "b = d"),
        ("Change `a` to `b`, and `c` to `d`.", "a = c", "b = d"),
        ("Change both `a` to `b`.", "a = a", "b = b"),
        ("Swap `f(x)` and `g(x)`.", "f(x)\ny = g(x)", "g(x)\ny = f(x)"),
        ("Leave out `b()`.", "a()\nb()\nc()", "a()\nc()"),
        ("Leave the line `b()` out and run it.", "a()\nb()", "a()\n"),
        ("Then delete `, dim=1` and `c()`.", "f(x, dim=1)\nc()\n", "f(x)\n"),
        ("Comment out `a()`.", "a()\nb", "b"),
        ("Add `b` below `a`.", "if 1:\n    a\nc", "if 1:\n    a\n    b\nc"),
        ("Below the line `a`, add `b`.", "if 1:\n    a\nc", "if 1:\n    a\n    b\nc"),
        ("Add `b` above `a`.", "if 1:\n    a", "if 1:\n    b\n    a"),
        ("Add `, c=2` after `b=1`.", "f(b=1)", "f(b=1, c=2)"),
        ("Add `b` at the end.", "a", "a\nb"),
        ("Replace `a` by\n```python\nb\nc\n```\n", "if 1:\n    a", "if 1:\n    b\n    c"),
    ],
)
def test_sentence_changes_the_cell(sentence, before, after):
    assert rewritten(sentence, before) == [after]


@pytest.mark.parametrize(
    "sentence",
    [
        "The network changes `a` to `b`.",
        "What would change?",
        "Leave one of the lines out, and ask `a`.",
        "`backward` finds `a`, and `step` moves to `b`.",
        "Turn `a` to `b`.",
    ],
)
def test_sentence_that_tells_nothing_changes_nothing(sentence):
    assert rewritten(sentence, "a") == ["a"]


def test_nearest_cell_counts_and_back_restores():
    assert rewritten("Change `a` to `b`.", "a", "a", "c") == ["a", "b", "c"]
    assert rewritten("Change `a` to `b`, then change it back.", "a") == ["a"]


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("Change `z` to `b`.", "`z` stands in no code cell above"),
        ("Change `a` to `b`.", "`a` stands 2 times in the cell"),
        ("Add `b` below `z`.", "`z` stands in no code cell above"),
        ("Swap `c` and `z`.", "`z` does not stand in the cell that holds `c`"),
    ],
)
def test_sentence_that_cannot_be_followed(sentence, why):
    with pytest.raises(Fault, match=why):
        rewritten(sentence, "a + a; c")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("RuntimeError", "error"),
        ("RuntimeError: mat1 and mat2", "error"),
        ("python -m tools.recipe", "shell"),
        ("OMP_NUM_THREADS=1", "shell"),
        ("utils/plots", "file"),
        ("boot.png", "file"),
        ("==", "sign"),
        ("return", "sign"),
        ("torch.equal", None),
        ("a / b", None),
    ],
)
def test_kind_of_a_piece_of_code(code, kind):
    assert classified(code) == kind


KNOWN = ["torch.equal", ".item()", "dim=1", "keepdim=", "zero_grad", "len", "labels.shape", "x + 1"]
KNOWN += ["(N, 1, H, W)", "(height, width)", "def f(x): ...", "f(...)", "with torch.no_grad():"]
KNOWN += ['{"a", "b"}', "[i for i in x]", "lambda y: y + x", "answer", "nn.Linear(2, 2)", "None"]
KNOWN += [
    "(out, in_ / groups)",
    "try ... finally",
    ".grad.zero_()",
    "flip(dims=(2,))",
    "@torch.no_grad()",
    "from math import pi",
]
UNKNOWN = [
    "torch.equals",
    ".itemize()",
    "dimensions=1",
    "zero_gradient",
    "x + z",
    "z[0]",
    "x.shape",
]
UNKNOWN += [
    "WrongError",
    "two words",
    "answer.nothing_at_all",
    "dim=z",
    "z = z + 1",
    "[z for i in x]",
]


@pytest.mark.parametrize("code", KNOWN)
def test_names_that_are_known(code):
    space = {"torch": torch, "nn": torch.nn, "x": [1]}
    assert problem_with(code, space, ["labels", "answer"], "y = 1") is None


@pytest.mark.parametrize("code", UNKNOWN)
def test_names_that_are_unknown(code):
    assert code in problem_with(code, {"torch": torch, "x": [1]}, ["answer"], "y = 1")


@needs_copies
def test_faults_are_seen_and_leave_no_trace(tmp_path):
    found = problems(
        tmp_path,
        "import torch\nx, trace, b = 1, [], torch.zeros(2)",
        "y = 6 / x\ntrace.append(y)\nprint(y, torch.rand(1))",
        "> **Try.** Change `6` to `8` and run. `assert y == 8 and trace == [6, 8]` holds.",
        "> **Try.** Run `assert y == 6 and trace == [6] and b.sum() == 0`, then `b.fill_(1)`.",
        "> **Try.** Change `x` to `0` and run it: `ZeroDivisionError`. Change it back and run.",
        "> **Try.** Change `x` to `0`.",
        "> **Try.** Change `/ x` to `/ 2`, and see a `ValueError`.",
        "> **Try.** Change `7` to `8`.",
        "> **Try.** Make `x` larger, say by `dim=1`.",
        "> **Try.** Change `6` to `8` and print `yy + 1`.",
        "# prose\n\nIt is short. Change `9` to `8` here, and wonder.",
        "> **Try.** Change `6` to `3` or `2`. Then `assert trace == [6, 3, 2]`.",
        "assert y == 12 / 2 == sum(trace) and b.sum() == 0",
        "> **Try.** Change `x` to `dim`: `NameError`.\n\nBeyond `this`, nothing is tried.",
    )
    assert found == {
        "2 try1": [],
        "3 try1": [],
        "4 try1": [],
        "5 try1": ["cell [1], run again, raises ZeroDivisionError: division by zero"],
        "6 try1": ["it names `ValueError`, and nothing raised it"],
        "7 try1": ["`7` stands in no code cell above"],
        "8 try1": ["it names no change that can be made (Change `OLD` to `NEW`, …)"],
        "9 try1": ["`yy + 1` uses `yy`, which is not defined at this place"],
        "10 prose1": ["`9` stands in no code cell above"],
        "11 try1": [],
        "13 try1": [],
    }


@needs_copies
def test_cells_between_run_again_with_the_changed_one(tmp_path):
    found = problems(
        tmp_path,
        "x = 1",
        "y = 2 * x",
        "z = y + 1",
        "> **Try.** Change `x = 1` to `x = 5`. Look: `assert z == 11`.",
        "> **Try.** Change `2 * x` to `3 * x`. Look: `assert z == 3`.",
        "x / 0",
        "> **Try.** Change `x = 1` to `x = 2`.",
    )
    assert found["3 try1"] == []
    assert found["4 try1"] == ["`assert z == 3` raises AssertionError"]
    assert "cell [5] of the notebook itself fails: ZeroDivisionError" in found["6 try1"][0]


def asked(number, text, hint="None.", solution="answer = 4"):
    """Return the cells of an exercise: its text, its stub, its answers."""
    hint = f"<details><summary>Hint</summary>\n\n{hint}\n</details>"
    solution = f"<details><summary>Solution</summary>\n\n```python\n{solution}\n```\n</details>"
    stub = f'answer = ...\n\ncheck("{number}", answer)'
    return f"**{number} · modify** (easy). {text}", stub, f"{hint}\n{solution}"


CHECK = """def check(number, answer):
    print(number, "right." if answer == 4 else "not right yet")
"""
TRAINING = "start = time.perf_counter()\nweight -= 1\nprint(weight)\nstop = b - 1"
LEFT_OUT = """Keep `{0} = weight.clone()`. Leave one of these lines out of the training cell, run
it again, and ask `torch.equal({0}, weight)`.

- a: `weight -= 1`
- b: `print(weight)`
- c: `weight.backward()`
"""
ITEMS = """Let `a = [1, 2]`. {} `b.append(3)`

- a: `b = a`
- b: `b = tuple(a)`
- c: `b = c`
- d: words about `a` and `list`
"""
REPLACED = "Replace `stop = b - 1` by one of:\n\n- a: `stop = 2`\n- b: `stop = stopp`\n"


@pytest.fixture(scope="module")
def exercised(tmp_path_factory):
    """Return {title: problems} of made-up exercises, without their cells' indices."""
    cells = [CHECK + "\nimport time, torch\nweight, b = torch.ones(1), 2", TRAINING]
    cells += asked("0.1", "Add two.", "Try `b + c`, or `answer + b`, or `answer.imag`.")
    cells += asked("0.2", "Keep `kept = b`, then `kept / (b - 2)`.", solution="answer = b")
    cells += asked("0.3", "Let `kept = 3`.", "```python\nassert kept == 3\n```")
    cells += asked("0.4", LEFT_OUT.format("start"))
    cells += asked("0.5", LEFT_OUT.format("kept"))
    cells += asked("0.6", ITEMS.format("After which does this change a?"))
    cells += asked("0.7", ITEMS.format("Which of these fail, followed by"))
    cells += asked("0.8", REPLACED)
    cells += asked("1.0", "Write `answer(size)`.", "`half = size / 2`, then `half + size + sizes`.")
    cells += [*asked("0.9", "No solution.")[:2], "<details><summary>Hint</summary> No. </details>"]
    found = problems(tmp_path_factory.mktemp("made_up"), *cells)
    return {title.split()[1]: problems for title, problems in found.items()}


@needs_copies
def test_names_and_errors_in_exercises_and_hints(exercised):
    hint = ["`b + c` uses `c`, which is not defined at this place"]
    assert exercised["0.1-hint1"] == hint
    assert exercised["0.2"] == ["`kept / (b - 2)` raises ZeroDivisionError: division by zero"]
    assert exercised["0.3-hint1"] == []
    unknown = "`half + size + sizes` uses `sizes`, which is not defined at this place"
    assert exercised["1.0-hint1"] == [unknown]


@needs_copies
def test_solutions_are_checked(exercised):
    assert exercised["0.1-solution"] == []
    assert exercised["0.2-solution"] == ['check("0.2", answer) prints: 0.2 not right yet']
    assert exercised["0.9-solution"] == ["it has no solution, or its stub no check(...)"]


@needs_copies
def test_name_that_a_later_cell_overwrites_is_seen(exercised):
    (why,) = exercised["0.4a"]
    assert "`torch.equal(start, weight)` raises TypeError: equal(): argument 'input'" in why
    assert exercised["0.4b"] == [why]
    assert exercised["0.4c"] == ["`weight.backward()` stands in no code cell above"]
    assert (exercised["0.4"], exercised["0.5a"], exercised["0.5b"]) == ([], [], [])


@needs_copies
@pytest.mark.parametrize(("number", "raised"), [("0.6", True), ("0.7", False)])
def test_items_run_one_by_one_and_raise_where_errors_are_the_question(exercised, number, raised):
    raises = "`b.append(3)` raises AttributeError: 'tuple' object has no attribute 'append'"
    assert exercised[number] == exercised[number + "a"] == []
    assert exercised[number + "b"] == [raises] * raised
    assert exercised[number + "c"] == ["`b = c` raises NameError: name 'c' is not defined"]
    assert number + "d" not in exercised


@needs_copies
def test_items_take_the_place_of_a_line(exercised):
    unknown = "cell [1], run again, raises NameError: name 'stopp' is not defined"
    assert (exercised["0.8a"], exercised["0.8b"]) == ([], [unknown])


@needs_copies
def test_loaders_workers_run_in_a_copy_and_a_long_one_is_ended(tmp_path):
    found = problems(
        tmp_path,
        "import time, os, torch\nfrom torch.utils.data import DataLoader",
        "loader = DataLoader(torch.arange(8), 4, num_workers=2)\nseen = list(loader)",
        "> **Try.** Change `4` to `2` and run. `assert len(seen) == 4`",
        "> **Try.** Run `time.sleep(60)`.",
        "> **Try.** Run `os._exit(3)`.",
        limit=8,
    )
    assert found["2 try1"] == []
    assert found["3 try1"] == ["it takes longer than 8 s"]
    assert found["4 try1"] == ["its process ended with 3, saying nothing"]
