"""What a text tells its reader to do, as steps: code cells run again, and code looked at or run.

A step is ("cells", [(source, index, may raise), …]), ("block", source), ("look", code),
("names", code) or ("verdict", check line, words).
"""

import re
from dataclasses import dataclass, field

from tests.course.changes import Fault, Page, actions_of, masked
from tests.course.spans import ERROR, is_expression

SENTENCE = re.compile(r"(?<=[.!?:])\s+(?=[A-Z⟦*(])|\n\s*\n")
AGAIN = re.compile(r"\b(?:run|again|train)\b", re.IGNORECASE)


@dataclass
class Instruction:
    """One thing to try: where it stands, what it says, and how it is carried out."""

    cell: int
    kind: str  # try, exercise, item, hint, solution
    title: str
    text: str
    steps: list = field(default_factory=list)
    errors: list = field(default_factory=list)  # types that may be raised; "*": nearly all
    known: list = field(default_factory=list)  # what the exercise names
    fault: str = ""  # why it cannot be followed


def page_above(cells, place):
    return Page({n: c.source for n, c in enumerate(cells[:place]) if c.cell_type == "code"})


def fill(instruction, cells, onward):
    """Find the steps of an instruction's text and the errors that it names."""
    text, pieces, blocks = masked(instruction.text)
    instruction.errors += [m[1] for piece in pieces if (m := ERROR.match(piece))]
    try:
        instruction.steps = steps_of(text, pieces, blocks, instruction.cell, cells, onward)
    except Fault as fault:
        instruction.fault = str(fault)


def carried_out(step):
    """Whether a step changes something, as an assignment does; False for what is looked at."""
    return step[0] != "look" or not is_expression(step[1])


def steps_of(text, pieces, blocks, place, cells, onward):
    """Return the steps of a masked text: cells changed are run again, then the rest is looked at.

    Cells are run at a sentence that says run, again or train, where an action needs a cell as it
    was before the last one, and at the end. `onward`: with all code cells down to the text.
    """
    page, steps, queue, changed = page_above(cells, place), [], [], set()

    def flush():
        if changed:
            rerun = [n for n in page.now if (n >= min(changed) if onward else n in changed)]
            steps.append(("cells", [(page.now[n], n, _may_raise(cells[n])) for n in rerun]))
        steps.extend(queue)
        queue.clear()
        changed.clear()

    for sentence in SENTENCE.split(text):
        actions, used = actions_of(sentence.strip(), pieces)
        for action in actions:
            if changed and page.clashes(action):
                flush()
            before = dict(page.now)
            for number, new in enumerate(action.new if action.kind == "change" else (None,)):
                if number:
                    flush()
                    page.now = dict(before)
                changed |= page.apply(action, new)
        for number in map(int, re.findall(r"⟦(\d+)⟧", sentence)):
            if number not in used:
                queue.append(("block" if number in blocks else "look", pieces[number]))
        if not changed or AGAIN.search(sentence):
            flush()
    flush()
    return steps


def _may_raise(cell):
    return "raises-exception" in cell.metadata.get("tags", [])
