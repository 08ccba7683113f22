"""Everything that a chapter tells its reader to try, found in the text, as steps to be executed.

- `> **Try.** …`, and a sentence like "Change `OLD` to `NEW`" anywhere in the prose (see
  `changes`): the cells changed and all code cells from there to the text are run again;
- the text of an exercise, and its hints: code spans are looked at (see `spans`), blocks are run;
  where the text says to change a line, the cells changed are run again;
- a list item of an exercise that is nothing but code, - a: `code`: first the assignments of the
  exercise's text, then the item, then the expressions of the text. Where the text says "leave
  out" (delete, remove, omit) or "replace `OLD`", the item is taken from its cell, or put in;
- a solution: it is run, and then the `check(...)` of the stub, which must say "right.".

An error may be raised only if the text names its type in backticks; a Try that names one must
raise it. Items may also raise anything but NameError and SyntaxError where the exercise asks
about errors, in words such as *error*, *fails*, *raises*.
"""

import re

from tests.chapters import CHECK, SOLUTION
from tests.course.changes import Fault, actions_of, masked
from tests.course.names import bound_names
from tests.course.spans import executable
from tests.course.steps import SENTENCE, Instruction, carried_out, fill, steps_of

TRY = re.compile(r"^> \*\*Try\b[^*\n]*\*\*.*(?:\n>.*)*", re.MULTILINE)
EXERCISE = re.compile(r"^\*\*(\d+\.\d+) · [^*]+\*\*", re.MULTILINE)
HINT = re.compile(r"<summary>Hint[^<]*</summary>(.*?)</details>", re.DOTALL)
ITEM = re.compile(r"^- (\w): (.*(?:\n  .*)*)\n?", re.MULTILINE)
IMPERATIVE = re.compile(r"(?:Change|Replace)\b")
REMOVAL = re.compile(r"\b(?:leav\w+|tak\w+|comment\w*)\b.*\bout\b|\b(?:delete|remove|omit)", re.I)
REPLACEMENT = re.compile(r"\b[Rr]eplace\b[^⟦]*⟦(\d+)⟧(?![^⟦.]*⟦)")
ABOUT_ERRORS = re.compile(r"\b(?:errors?|fails?|raises?|breaks|crash\w*|impossible)\b", re.I)


def instructions_of(notebook):
    """Return the instructions of a notebook, in the order of its cells."""
    cells, found, exercise = notebook.cells, [], None
    for index, cell in enumerate(cells):
        if cell.cell_type != "markdown":
            continue
        starts = [match.start() for match in EXERCISE.finditer(cell.source)]
        ends = [*starts, len(cell.source)]
        before, *asked = [cell.source[a:b] for a, b in zip([0, *starts], ends, strict=True)]
        if exercise and "<summary>" in before:
            found += _answers(cells, index, before, *exercise)
        else:
            found += _tries(cells, index, before)
        for text in asked:
            exercise = (text.split("\n---")[0], _stub(cells, index))
            found += _exercise(cells, index, *exercise)
    return found


def _tries(cells, index, text):
    for number, quote in enumerate(TRY.finditer(text), 1):
        said = re.sub(r"^> ?(?:\*\*Try[^*]*\*\*\s*)?", "", quote[0], flags=re.MULTILINE)
        new = Instruction(index, "try", f"try{number}", said)
        fill(new, cells, onward=True)
        if not (new.fault or any(map(_does_something, new.steps))):
            new.fault = "it names no change that can be made (Change `OLD` to `NEW`, …)"
        yield new
    prose, pieces, _ = masked(TRY.sub("", text))
    told = [s for s in SENTENCE.split(prose) if IMPERATIVE.match(s) and actions_of(s, pieces)[0]]
    for number, sentence in enumerate(told, 1):
        said = re.sub(r"⟦(\d+)⟧", lambda m: f"`{pieces[int(m[1])]}`", sentence)
        new = Instruction(index, "try", f"prose{number}", said)
        fill(new, cells, onward=True)
        yield new


def _does_something(step):
    return step[0] in ("cells", "block") or executable(step[1])


def _stub(cells, index):
    sources = [cell.source for cell in cells[index:] if cell.cell_type == "code"]
    return next((source for source in sources if CHECK.search(source)), "")


def _parted(text, stub):
    """Return an exercise's number, its text without items, {letter: code}, and names it makes."""
    items = {
        found[1]: code[1]
        for found in ITEM.finditer(text)
        if (code := re.fullmatch(r"`+(.+?)`+[.,;]?\s*", found[2]))
    }
    question = ITEM.sub("", text) if items else text
    known = {name for code in [stub, *items.values()] for name in bound_names(code)}
    for call in re.finditer(r"`(\w+)\(([\w, ]+)\)`", question):
        known |= set(re.findall(r"[a-z_]\w*", call[2])) if call[1] in known else set()
    return EXERCISE.match(text)[1], question, items, sorted(known | {"self"})


def _exercise(cells, index, text, stub):
    """Yield an exercise's text, and each of its items that is nothing but code."""
    number, question, items, known = _parted(text, stub)
    new = Instruction(index, "exercise", number, question, known=known)
    fill(new, cells, onward=False)
    before = [step for step in new.steps if carried_out(step)]
    after = [step for step in new.steps if not carried_out(step)]
    if items:
        new.steps = before + [("names", code) for _, code in after]
    yield new
    errors = [*new.errors, *["*"] * bool(ABOUT_ERRORS.search(question))]
    for letter, code in items.items():
        item = Instruction(index, "item", number + letter, f"{question}\n- {letter}: `{code}`")
        item.errors, item.known, item.fault = errors, bound_names(stub), new.fault
        try:
            item.steps = before + _item_steps(cells, index, question, code) + after
        except Fault as fault:
            item.fault = str(fault)
        yield item


def _item_steps(cells, index, question, code):
    text, pieces, _ = masked(question)
    if replaced := REPLACEMENT.search(text):
        sentence, pieces = "Change ⟦0⟧ to ⟦1⟧", [pieces[int(replaced[1])], code]
    elif REMOVAL.search(text):
        sentence, pieces = "Delete ⟦0⟧", [code]
    else:
        return [("block", code)]
    return steps_of(sentence, pieces, set(), index, cells, onward=False)


def _answers(cells, index, text, question, stub):
    """Yield the hints and the solution; a hint comes after what its exercise has assigned."""
    number, question, _, known = _parted(question, stub)
    asked = Instruction(index, "exercise", number, question)
    fill(asked, cells, onward=False)
    kept = [step for step in asked.steps if step[0] != "cells" and carried_out(step)]
    for place, hint in enumerate(HINT.findall(text), 1):
        new = Instruction(index, "hint", f"{number}-hint{place}", hint.strip(), known=known)
        fill(new, cells, onward=False)
        new.steps = kept + new.steps
        yield new
    solution, line = SOLUTION.search(text), CHECK.search(stub)
    new = Instruction(index, "solution", f"{number}-solution", solution[1] if solution else "")
    if solution and line:
        new.steps = [("block", solution[1]), ("verdict", line[0], f"{number} right.")]
    else:
        new.fault = "it has no solution, or its stub no check(...)"
    yield new
