"""Check a lab that was handed in: points by task, with the likely mistake named.

    python -m tools.lab_check --lab 2 --seed 70412 ada.ipynb

The notebook runs from a blank state, shut in as `make grade` does it: teaching/README.md says what
a learner's program can and cannot do meanwhile. Stored outputs do not count. A folder is taken as
one submission a file.
"""

import argparse
import signal
import threading
from pathlib import Path

from tools.grade_limits import allowed, bare_environment, refuse_windows
from tools.labs import options, read, stop
from tools.turns import OPEN, RIGHT, NotANotebook
from tools.turns import read as cells_of

SECONDS, MINUTES, GIGABYTES = 60, 10, 4  # of work for a cell, and for judging an answer


def check(path, lab, number, seed, limits, halt=None):
    """Return [(task, points earned, words)] for a submission; NotANotebook says why not."""
    from tools.grade_work import verdicts  # Windows has not what it needs

    code = [cell["source"] for cell in cells_of(path) if cell["cell_type"] == "code"]
    last = {len(code) + place: (str(task.number), task.name)
            for place, task in enumerate(lab.tasks)}  # fmt: skip
    code += [""] * len(last)  # an answer is what its name stands for at the end
    halt = halt or threading.Event()
    found, _ = verdicts(code, last, set(), limits, halt, (number, seed))
    rows = []
    for place, task in zip(last, lab.tasks, strict=True):
        verdict, said = found[place]
        rows.append((task, task.points * (verdict == RIGHT), words(verdict, said, task.name)))
    return rows


def words(verdict, said, name):
    """Return what a learner reads of one task."""
    if verdict == RIGHT:
        return "right"
    if verdict == OPEN:
        return "not attempted yet"
    if f"NameError: name '{name}' is not defined" in said:
        return f"not attempted yet: no cell defines {name}"
    judged = said.startswith(("not right yet", "cannot be judged"))
    return said if judged else f"cannot be judged: {said}"


def report(rows):
    """Return the lines for one submission."""
    lines = [
        f"  task {task.number}  {points} of {task.points}  {words}" for task, points, words in rows
    ]
    total = sum(points for _, points, _ in rows)
    return [*lines, f"  together {total} of {sum(task.points for task, *_ in rows)} points"]


def submitted(place):
    """Return the notebooks; stop with a sentence if there is none."""
    if place is None or not place.exists():
        said = "not given" if place is None else f"{place}, which is not there"
        stop(f"SUBMISSION is {said}; expected a notebook or a folder of them. Write it like "
             "this: SUBMISSION=ada.ipynb")  # fmt: skip
    paths = sorted(place.glob("*.ipynb")) if place.is_dir() else [place]
    if not paths:
        stop(f"no notebook in {place}, expected one a learner, such as ada.ipynb")
    return paths


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("submission", nargs="?", type=Path)
    chosen = options(parser)
    paths = submitted(chosen.submission)
    refuse_windows()
    bare_environment()  # before anything is started: seed and lab stand among the arguments
    limits = allowed(SECONDS, MINUTES, GIGABYTES, *paths)
    from teaching.labs.judge import given  # it needs PyTorch, which takes seconds
    from tools.grade_rooms import Interrupted

    halt = threading.Event()
    for kind in signal.SIGINT, signal.SIGTERM:
        signal.signal(kind, lambda *_: halt.set())
    lab = read(chosen.lab, given(chosen.lab, chosen.seed))
    for path in paths:
        print(f"lab {chosen.lab}, seed {chosen.seed}: {path.name}")
        try:
            lines = report(check(path.resolve(), lab, chosen.lab, chosen.seed, limits, halt))
        except NotANotebook as error:
            lines = [f"  {error}"]
        except Interrupted:
            stop("interrupted; no process is left")
        print(*lines, sep="\n", flush=True)


if __name__ == "__main__":
    main()
