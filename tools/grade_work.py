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


def once(cells, asked, skipped, found, limits, stop, until):
    """Run the notebook; note in `found` what comes. Return None, or where and why it ended."""
    place, wait = None, GRACE
    with Room(limits, stop, ("grade_run", "run"), cells, asked, skipped) as room:
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
            elif number in asked and number == place:
                found[number] = (kind, data)
                wait = GRACE


def run_all(cells, asked, limits, stop):
    """Return {place: (kind, data)} of the cells in `asked`, run again without what ended it."""
    found, skipped = {}, set()
    until = time.monotonic() + 60 * limits["minutes"]
    for _ in range(RESTARTS):
        ended = once(cells, asked, skipped, found, limits, stop, until)
        if ended is None:
            break
        place, why = ended
        late = time.monotonic() > until
        if place in asked and not late:
            found[place] = ("failed", why.encode())
        if late or place is None or place in skipped:
            why = f"the notebook ran for more than {limits['minutes']:g} minutes" if late else why
            break
        skipped.add(place)
    for place in set(asked) - set(found):
        found[place] = ("failed", f"not reached: {why}".encode())
    return found


def judged(answers, cells, limits, stop):
    """Return [(verdict, message)] of [(number, payload)], in order."""
    said = []
    while len(said) < len(answers):
        with Room(limits, stop, ("grade_judge", "judge"), answers[len(said) :], cells) as room:
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


def graded(cells, chapter, limits, stop):
    """Return [[number, verdict, points, message], ...] for all exercises of a chapter."""
    asked = asked_cells(cells, chapter)
    code = [cell["source"] if cell["cell_type"] == "code" else None for cell in cells]
    found = run_all(code, asked, limits, stop) if asked else {}
    answers = [(place, asked[place][0], data) for place, (kind, data) in sorted(found.items())
               if kind == "answer"]  # fmt: skip
    said = judged([one[1:] for one in answers], [one or "" for one in code], limits, stop)
    verdicts = {place: (WRONG, data.decode(errors="replace"))
                for place, (kind, data) in found.items() if kind == "failed"}  # fmt: skip
    verdicts |= dict(zip([place for place, *_ in answers], said, strict=True))
    rows = []
    for one in exercises(chapter):
        own = [verdicts[place] for place in sorted(verdicts) if asked[place][0] == one.number]
        verdict, message = ([each for each in own if each[0] != OPEN] or [(OPEN, "")])[-1]
        if not [place for place in asked if asked[place][0] == one.number]:
            message = f'no cell calls check("{one.number}", …)'
        rows.append([one.number, verdict, one.points * (verdict == RIGHT), message])
    return rows
