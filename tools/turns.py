"""The exercises of a notebook as its JSON holds them: where they stand, what they are worth.

Nothing here needs PyTorch or nbformat, so it is fast; notebooks of learners may lack anything.
"""

import json
import re
from pathlib import Path
from typing import NamedTuple

POINTS = {"easy": 1, "medium": 2, "hard": 3}  # what a right answer earns: change it here only
HEAD = re.compile(r"^\*\*(\d+\.\d+) · (\w+)\*\* \((easy|medium|hard)\)\. ?(.*)", re.MULTILINE)
CHECK = re.compile(r"""\bcheck\(\s*["'](\d+\.\d+)["']\s*,\s*(.+?)\s*\)\s*$""", re.MULTILINE)
RIGHT, WRONG, OPEN = "right", "wrong", "not attempted"
LARGEST = 50_000_000  # bytes of a notebook; the course's own have less than a million
SAID = ((RIGHT, " right."), (OPEN, " not attempted yet"), (WRONG, " not right yet"))
SAID += ((WRONG, " cannot be judged"),)


class NotANotebook(ValueError):
    """The message names the file and the reason."""


class Exercise(NamedTuple):
    number: str
    kind: str
    level: str
    task: str
    place: int  # of the cell whose text sets the task

    @property
    def points(self):
        return POINTS[self.level]


def read(path):
    """Return the cells of a notebook, each with its text as one string under "source"."""
    try:
        if (size := Path(path).stat().st_size) > LARGEST:
            raise NotANotebook(f"{path} has {size:,} bytes, more than {LARGEST:,}")
        cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
        return [
            {"cell_type": "raw", **cell, "source": joined(cell.get("source", ""))} for cell in cells
        ]
    except NotANotebook:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise NotANotebook(f"{path} is no notebook that can be read ({reason})") from None


def joined(text):
    return text if isinstance(text, str) else "".join(text)


def turn(cells):
    """Return the place of the heading "Your turn", the number of cells if there is none."""
    places = [n for n, cell in enumerate(cells) if cell["source"].startswith("## Your turn")]
    return places[0] if places else len(cells)


def exercises(cells):
    """Return the exercises whose tasks stand under "Your turn", in their order."""
    return [
        Exercise(*match.groups(), place)
        for place, cell in enumerate(cells)
        if place >= turn(cells) and cell["cell_type"] == "markdown"
        for match in HEAD.finditer(cell["source"])
    ]


def printed(cell):
    parts = [joined(output.get("text", "")) for output in cell.get("outputs", [])]
    return "".join(parts)


def stored_verdict(cells, number):
    """Return what the outputs say of an exercise: (RIGHT, WRONG or OPEN, the words after it).

    The last attempt counts.
    """
    found = OPEN, ""
    for cell in cells[turn(cells) :]:
        for line in printed(cell).splitlines() if cell["cell_type"] == "code" else []:
            for verdict, words in SAID:
                if line.startswith(number + words) and verdict != OPEN:
                    found = verdict, line[len(number + words) :].lstrip(": ")
    return found


def title(cells, path):
    """Return "01 Tensors" for a chapter, the file's name where no title stands."""
    first = cells[0]["source"].splitlines() if cells else []
    named = first and first[0].startswith("# ")
    return first[0][2:].replace(" ·", "") if named else Path(path).stem
