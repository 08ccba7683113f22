"""The rules of a page in its new form: each takes a notebook's cells and returns complaints."""

import ast
import re
from itertools import takewhile
from urllib.parse import unquote

from tools.about import distances, numbers, texts, whole
from tools.distances import unit
from tools.reading import minutes

TITLE = "# @title Setup: run this cell first"
FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}
PREDICT, ANSWER = "> **Predict.**", "<summary>Answer</summary>"
SHOWS = re.compile(r"(plot|show|draw|animate|explore|display|compare)(_\w+)?|print|check")
EXERCISE = re.compile(r"\b\d\d?\.\d\b")
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((\d\d_\w+\.ipynb)(?:#([^)]*))?\)")
CHAPTER = re.compile(r"[Cc]hapters? (\d\d)")
TIMED = re.compile(
    r"\d ?(s|ms|µs|μs|ns|min|minutes|seconds)\b|/s\b|per second|"
    r"times (faster|slower|as)|of the time|"
    r"Python|PyTorch|torch|GPU|CPU|threads|device|cuda|version",
)


def where(number, cell):
    return f"cell {number} ({cell.source.strip().splitlines()[0][:60]!r})"


def lesson(cells):
    """Return (number, cell) of what stands between the setup cell and Your turn."""
    numbered = list(enumerate(cells))[3:]
    return list(takewhile(lambda pair: not pair[1].source.startswith("## Your turn"), numbered))


def lesson_code(cells):
    return [(number, cell) for number, cell in lesson(cells) if cell.cell_type == "code"]


def parsed(cell):
    plain = re.sub(r"^(\s*)[!%].*$", r"\1pass", cell.source, flags=re.MULTILINE)
    return ast.parse(plain)


def setup_is_folded(cells):
    metadata = {key: cells[2].metadata.get(key) for key in FOLDED}
    wrong = metadata != FOLDED or not cells[2].source.startswith(TITLE)
    return [f"the setup cell must begin with {TITLE!r} and have {FOLDED}"] * wrong


def goals_have_exercises(cells, known):
    goals = re.findall(r"^- (.+)$", cells[1].source, re.MULTILINE)
    served = [(goal, EXERCISE.findall(goal.partition("(exercise")[2])) for goal in goals]
    complaints = [f"no exercise is named for the goal {goal!r}" for goal, own in served if not own]
    return complaints + [
        f"{number} is no exercise: {goal!r}" for goal, own in served for number in own
        if number not in known
    ]  # fmt: skip


def minutes_are_stated(cells):
    core, whole = minutes(cells)
    said = f"About {core} minutes for the core, {whole} with everything."
    wrong = said not in cells[1].source
    return [f"`make syllabus` would write: {said}"] * wrong + [
        f"the core takes {core} minutes, an hour at most"
    ] * (core > 60)


def further_is_apart(cells):
    headings = [
        (number, line)
        for number, cell in enumerate(cells)
        if cell.cell_type == "markdown"
        for line in re.findall(r"^## (.+)$", cell.source, re.MULTILINE)
    ]
    names = [line for _, line in headings if line not in ("Your turn", "Summary")]
    further = [line.startswith("Further: ") for line in names]
    if True not in further:
        return ["no section `## Further: ...`: what may be skipped the first time?"]
    late = [line for line in names[further.index(True) :] if not line.startswith("Further: ")]
    first = next(number for number, line in headings if line.startswith("Further: "))
    unsaid = "skip" not in cells[first].source.lower()
    return [f"{line!r} stands after the first further section" for line in late] + [
        f"{where(first, cells[first])} does not say that it may be skipped"
    ] * unsaid


def asserts_show(cells):
    return [
        f"{where(number, cell)} asserts and shows nothing"
        for number, cell in lesson_code(cells)
        if not cell.outputs and any(isinstance(node, ast.Assert) for node in ast.walk(parsed(cell)))
    ]


def predictions_are_answered(cells):
    return [
        f"{where(number, cell)}: the prediction is followed by nothing to see"
        for number, cell in enumerate(cells)
        if cell.cell_type == "markdown" and PREDICT in cell.source and ANSWER not in cell.source
        and not any(after.outputs for after in
                    takewhile(lambda c: c.cell_type == "code", cells[number + 1 :]))
    ]  # fmt: skip


def name_of(call):
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def results(tree):
    """Return the calls that show something, and the value of the last line if it is shown."""
    calls = [
        node for node in ast.walk(tree)
        if isinstance(node, ast.Call) and SHOWS.fullmatch(name_of(node))
    ]  # fmt: skip
    own = {
        id(node) for function in ast.walk(tree) if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
    }  # fmt: skip
    calls = [call for call in calls if id(call) not in own]
    last = tree.body[-1].value if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    return calls + [last] * (last is not None and last not in calls)


def label(shown):
    """Return the text that a print begins with, "" if it begins with a value."""
    first = shown.args[0] if isinstance(shown, ast.Call) and shown.args else None
    parts = first.values if isinstance(first, ast.JoinedStr) else [first]
    plain = [p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]
    return " ".join(plain).strip()


def few_results_each_named(cells):
    complaints = []
    for number, cell in lesson_code(cells):
        if cell.source.startswith("%%writefile"):
            continue  # a script that is only written
        shown = results(parsed(cell))
        counted = [one for one in shown if not label(one).startswith("difference")]
        printed = [one for one in shown if isinstance(one, ast.Call) and name_of(one) == "print"]
        if len(counted) > 2:
            complaints.append(f"{where(number, cell)} shows {len(counted)} results, two at most")
        if shown and isinstance(shown[-1], ast.Tuple):
            complaints.append(f"{where(number, cell)} ends in a tuple: name each result")
        if len(shown) > 1 and not all(label(one) for one in printed):
            complaints.append(f"{where(number, cell)}: of several results each needs its name")
    return complaints


def plain_code(cells):
    complaints = []
    for number, cell in lesson_code(cells):
        for node in ast.walk(parsed(cell)):
            if isinstance(node, ast.NamedExpr):
                complaints.append(f"{where(number, cell)} assigns within an expression")
            elif isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.IfExp):
                complaints.append(f"{where(number, cell)} decides within an f-string")
            elif (
                isinstance(node, ast.Call)
                and name_of(node) in ("all", "any")
                and any(isinstance(argument, ast.GeneratorExp) for argument in node.args)
            ):
                complaints.append(f"{where(number, cell)}: a plain loop instead of {name_of(node)}")
    return complaints


def only_times_are_ignored(cells):
    return [
        f"{where(number, cell)} is never compared, and shows more than times and devices: {line!r}"
        for number, cell in enumerate(cells)
        if "nbval-ignore-output" in cell.metadata.get("tags", [])
        for kind, text in texts(cell.outputs)
        if kind != "picture"
        for line in text.splitlines()
        if line.strip() and re.search(r"\d", line) and not TIMED.search(line)
    ]


def distances_are_measured(cells):
    """At most three times what was seen, or one unit of the last digit that is printed."""
    complaints = []
    for number, cell in enumerate(cells):
        if "about" not in cell.metadata:
            continue
        found = [one for kind, text in texts(cell.outputs) if kind != "picture"
                 for one in numbers(text)]  # fmt: skip
        try:
            sides = [distances(cell.metadata.get(key), found) for key in ("about", "seen")]
        except ValueError as missing:
            complaints.append(f"{where(number, cell)}: {missing}")
            continue
        for (written, *_), about, seen in zip(found, *sides, strict=True):
            if about > 3.001 * max(seen, unit(written)) and not whole(written):
                complaints.append(f"{where(number, cell)}: {written} may be off by {about:g}, "
                                  f"and {seen:g} was seen")  # fmt: skip
    return complaints


def anchors(cells):
    """Return the names by which JupyterLab lets a link lead to a heading."""
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return {line.replace("`", "").replace(" ", "-") for line in
            re.findall(r"^#+ (.+)$", text, re.MULTILINE)}  # fmt: skip


def promises_are_kept(cells, chapters):
    """`chapters`: {file name: cells}. A chapter's title as a link needs no heading."""
    own, complaints = cells[0].source[2:4], []
    for number, cell in enumerate(cells[1:], start=1):
        if cell.cell_type != "markdown":
            continue
        for words, target, heading in LINK.findall(cell.source):
            if target not in chapters:
                complaints.append(f"{where(number, cell)}: there is no {target}")
            elif heading and unquote(heading) not in anchors(chapters[target]):
                complaints.append(f"{where(number, cell)}: {target} has no heading {heading!r}")
            elif not heading and not words.startswith(target[:2]):
                complaints.append(f"{where(number, cell)}: {words!r} leads to no heading")
        for other in CHAPTER.findall(LINK.sub("", cell.source)):
            if other != own:
                complaints.append(f"{where(number, cell)} speaks of chapter {other} without a link")
    return complaints
