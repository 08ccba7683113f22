"""Grade one notebook: run it shut in, time and memory watched, and have its answers judged."""

import contextlib
import json
import re
import time

from tools.grade_rooms import GRACE, Room
from tools.sandbox import WAITING
from tools.turns import OPEN, RIGHT, WRONG, exercises, turn

RESTARTS = 5  # how often a notebook is run again without the cell at which it ended
PATIENCE = 15  # seconds after its time in which a cell should have stopped by itself
CALL = r"""\b(?:check|verify)\(\s*["']{}["']\s*,\s*(\w+|\.\.\.)?"""


def asked_cells(cells, chapter):
    """Return {place: (number, name)} of the cells that check an exercise, lesson cells left out."""
    lesson = [cell for cell in chapter[: turn(chapter)] if cell["cell_type"] == "code"]
    ids = {str(cell.get("id")) for cell in lesson} - {"None"}
    sources = {cell["source"] for cell in lesson}
    found = {}
    for one in exercises(chapter):
        [name] = [re.search(CALL.format(re.escape(one.number)), cell["source"])[1]
                  for cell in chapter[one.place :] if cell["cell_type"] == "code"
                  and re.search(CALL.format(re.escape(one.number)), cell["source"])]  # fmt: skip
        for place, cell in enumerate(cells):
            own = str(cell.get("id")) not in ids and cell["source"] not in sources
            if cell["cell_type"] == "code" and own and re.search(
                CALL.format(re.escape(one.number)), cell["source"]
            ):  # fmt: skip
                found[place] = (one.number, name)
    return found


def lesson_cells(cells, chapter):
    """Return the places of cells that stand in the chapter as they are, and do not fail there."""
    sources = {cell["source"] for cell in chapter[: turn(chapter)]
               if cell["cell_type"] == "code"
               and "raises-exception" not in cell.get("metadata", {}).get("tags", [])}  # fmt: skip
    return {place for place, cell in enumerate(cells)
            if cell["cell_type"] == "code" and cell["source"] in sources}  # fmt: skip


def once(cells, asked, lesson, skipped, found, limits, stop, until):
    """Run the notebook; note in `found` what comes. Return None, or where and why it ended."""
    place, wait = None, GRACE
    with Room(limits, stop, ("grade_run", "run"), cells, asked, lesson, skipped) as room:
        while True:
            try:
                told = json.loads(room.hear(min(wait, until - time.monotonic())))
                data = room.hear(GRACE)
                number, kind = int(told[0]), str(told[1])
            except TimeoutError as late:
                return place, f"this cell was ended: {late}"
            except (EOFError, ValueError, TypeError, IndexError):
                return place, "the process ended while this cell ran"
            if kind == "ends":
                return None
            if kind == "begins":
                place, wait = number, WAITING * limits["seconds"] + PATIENCE
            elif number in {*asked, *lesson} and number == place:
                found[number] = (kind, data)
                wait = GRACE


def run_all(cells, asked, lesson, limits, stop):
    """Run a notebook, again without what ended it; return {place: (kind, data)} and notes.

    A cell of the lesson that fails may tell of the machine rather than of the learner: the first
    time all is run once more.
    """
    found, skipped, notes, why = {}, set(), [], ""
    until = time.monotonic() + 60 * limits["minutes"]
    for _ in range(RESTARTS + 1):
        ended = once(cells, asked, lesson, skipped, found, limits, stop, until)
        place, why = ended or (None, "")
        if place in lesson:
            found[place] = ("failed", why.encode())
        if failed := sorted(set(found) & lesson):
            notes.append(failure(failed[0], found, bool(notes)))
            if len(notes) == 1:
                found, until = {}, time.monotonic() + 60 * limits["minutes"]
                continue
        if ended is None:
            break
        late = time.monotonic() > until
        if place in asked and not late:
            found[place] = ("failed", why.encode())
        if late or place is None or place in skipped:
            why = f"the notebook ran for more than {limits['minutes']:g} minutes" if late else why
            break
        skipped.add(place)
    for place in set(asked) - set(found):
        found[place] = ("failed", f"not reached: {why}".encode())
    return {place: found[place] for place in asked}, notes[:2]


def failure(place, found, again):
    text = " ".join(found[place][1].decode(errors="replace").split())
    before = f"cell {place + 1}, which is the lesson's, failed ({text})"
    return f"{before} again; what follows may rest on it" if again else f"{before}; all ran again"


def judged(answers, cells, limits, stop, lab):
    """Return [(verdict, message)] of [(number, payload)], in order."""
    said = []
    while len(said) < len(answers):
        left = answers[len(said) :]
        with Room(limits, stop, ("grade_judge", "judge"), left, cells, lab) as room:
            try:
                while len(said) < len(answers):
                    said.append(checked(room.hear(WAITING * limits["seconds"] + GRACE)))
            except TimeoutError as late:
                said.append((WRONG, f"when the answer was called, {late}"))
            except EOFError:
                said.append((WRONG, "the process ended when the answer was called"))
    return said


def checked(text):
    """Return (verdict, message) of what a judge's copy wrote; it may be anything."""
    with contextlib.suppress(ValueError, TypeError):
        verdict, message = json.loads(text)
        if verdict in (RIGHT, WRONG, OPEN) and isinstance(message, str):
            return verdict, " ".join(message.split())
    return WRONG, "the process ended when the answer was called"


def verdicts(code, asked, lesson, limits, stop, lab=None):
    """Return {place: (verdict, message)} of the cells in `asked`, and notes; `lab` as in checks."""
    found, notes = run_all(code, asked, lesson, limits, stop)
    answers = [(place, asked[place][0], data) for place, (kind, data) in sorted(found.items())
               if kind == "answer"]  # fmt: skip
    said = judged([one[1:] for one in answers], [one or "" for one in code], limits, stop, lab)
    known = {place: (OPEN if kind == "open" else WRONG, data.decode(errors="replace"))
             for place, (kind, data) in found.items() if kind != "answer"}  # fmt: skip
    return known | dict(zip([place for place, *_ in answers], said, strict=True)), notes


def graded(cells, chapter, limits, stop):
    """Return [[number, verdict, points, message], ...] for a chapter's exercises, and notes."""
    asked = asked_cells(cells, chapter)
    code = [cell["source"] if cell["cell_type"] == "code" else None for cell in cells]
    lesson = lesson_cells(cells, chapter)
    found, notes = verdicts(code, asked, lesson, limits, stop) if asked else ({}, [])
    rows = []
    for one in exercises(chapter):
        own = [found[place] for place in sorted(found) if asked[place][0] == one.number]
        verdict, message = ([each for each in own if each[0] != OPEN] or [(OPEN, "")])[-1]
        if not own:
            message = f'no cell calls check("{one.number}", …)'
        if verdict == WRONG and len(notes) > 1:
            message += f"; in your notebook {notes[1]}"
        rows.append([one.number, verdict, one.points * (verdict == RIGHT), message])
    return rows, notes
