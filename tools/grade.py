"""Grade a class: run each notebook again, shut in, and judge the answers in its cells.

    python -m tools.grade submissions

A submission is a file, or a folder with the notebooks of one learner. Interrupted, it goes on
where it stopped. teaching/README.md says what a learner's program can and cannot do meanwhile.
"""

import argparse
import hashlib
import json
import re
import signal
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm.auto import tqdm

from tools.grade_limits import allowed, bare_environment, refuse_windows, stop
from tools.grade_pages import NO_NOTEBOOK, NOT_GRADED, class_page, feedback, grades
from tools.turns import NotANotebook, exercises, read
from utils.datasets.fetch import write_file
from utils.distributed import available_cores

ROOT = Path(__file__).resolve().parents[1]
GRADES = ROOT / "build" / "grades"
REMEDY = "Name another --out, or make room."


def submissions(folder):
    """Return [(learner, path), ...]: a learner is a file of the folder, or a folder in it."""
    found = []
    for one in sorted(folder.iterdir()) if folder.is_dir() else []:
        if one.name.startswith("."):
            continue
        inside = [path for path in sorted(one.rglob("*.ipynb"))
                  if not re.search(r"[\\/]\.", str(path.relative_to(one.parent)))]  # fmt: skip
        found += [(one.stem if one.is_file() else one.name, path) for path in inside or [one]]
    if not found:
        stop(f"no submissions in {folder}; expected a file or folder for each learner, such as "
             "ada.ipynb. Name their folder: make grade SUBMISSIONS=folder")  # fmt: skip
    return found


def chapter_of(cells, chapters):
    """Return the cells of the chapter that most exercises in a notebook belong to."""
    text = "\n".join(cell["source"] for cell in cells if cell.get("cell_type") == "code")
    counts = [sum(f'"{one.number}"' in text for one in exercises(own)) for own in chapters]
    return chapters[counts.index(max(counts))] if max(counts, default=0) else None


def key_of(path, chapter, limits):
    """Return a sum of all that a grade depends on: the submission, the chapter, the checks."""
    seen = hashlib.sha256(
        json.dumps([chapter, limits["seconds"], limits["gigabytes"]]).encode(errors="replace")
    )
    judges = [*(ROOT / "utils" / "exercises").glob("*.py"), *(ROOT / "tools").glob("grade*.py")]
    for one in [*sorted(judges), path]:
        seen.update(one.read_bytes())
    return seen.hexdigest()


def answers_in(cells, chapter):
    """Return the answers' text without its spaces, to find copies; "" if fewer than two."""
    from tools.grade_work import asked_cells

    stubs = {"".join(cell["source"].split()) for cell in chapter}
    own = ["".join(cells[place]["source"].split()) for place in sorted(asked_cells(cells, chapter))]
    own = [text for text in own if text not in stubs]
    return "\n".join(own) if len(own) > 1 else ""


def grade(path, chapters, limits, halt, part):
    """Return {"rows": …, "text": …, "notes": …} of a notebook, from `part` if that still holds."""
    from tools.grade_work import graded

    try:
        cells = read(path)
        chapter = chapter_of(cells, chapters)
        if chapter is None:
            raise NotANotebook(f"{path.name} has no exercise of this course")
        key = key_of(path, chapter, limits)
    except (NotANotebook, KeyError, TypeError, AttributeError, OSError) as error:
        return {
            "rows": [["", NO_NOTEBOOK, 0, str(error).replace(str(path), path.name)]],
            "text": "",
            "notes": [],
        }
    if part.exists() and (kept := json.loads(part.read_text(encoding="utf-8")))["key"] == key:
        return kept
    try:
        rows, notes = graded(cells, chapter, limits, halt)
    except OSError as error:  # no process, no disk: not the learner's fault, so tried again
        return {"rows": [["", NOT_GRADED, 0, f"{type(error).__name__}: {error}"]], "text": "",
                "notes": []}  # fmt: skip
    found = {"key": key, "rows": rows, "text": answers_in(cells, chapter), "notes": notes}
    write_file(part, json.dumps(found).encode(errors="replace"), REMEDY)
    return found


def grade_all(listed, chapters, limits, options):
    """Return [(learner, found), ...]; a signal ends all processes, and keeps what is done."""
    halt, done = threading.Event(), {}
    for kind in signal.SIGINT, signal.SIGTERM:
        signal.signal(kind, lambda *_: halt.set())
    with (
        ThreadPoolExecutor(options.workers) as pool,
        tqdm(total=len(listed), unit="notebook") as bar,
    ):
        waiting = {}
        for number, (learner, path) in enumerate(listed):
            part = options.out / "parts" / f"{learner}--{path.stem}.json"
            one = pool.submit(grade, path, chapters, limits, halt, part)
            waiting[one] = number
        for one in as_completed(waiting):
            if halt.is_set():
                pool.shutdown(wait=False, cancel_futures=True)
            if not one.cancelled() and not (halt.is_set() and one.exception()):
                done[waiting[one]] = one.result()
                bar.update()
    if halt.is_set():
        stop(f"interrupted; {len(done)} of {len(listed)} are graded and kept, no process is left. "
             "The same command goes on.")  # fmt: skip
    return [(listed[number][0], done[number]) for number in sorted(done)]


def write(found, chapters, out):
    points = {one.number: one.points for cells in chapters for one in exercises(cells)}
    rows = [(learner, *row) for learner, one in found for row in one["rows"]]
    write_file(out / "grades.csv", grades(rows).encode(errors="replace"), REMEDY)
    for learner in dict.fromkeys(row[0] for row in rows):
        own = [row for row in rows if row[0] == learner]
        place = out / "feedback" / f"{learner}.html"
        write_file(place, feedback(learner, own, points).encode(errors="replace"), REMEDY)
    texts = {one["text"]: [] for _, one in found if one["text"]}
    for learner, one in found:
        texts.get(one["text"], []).append(learner)
    alike = [sorted(names) for names in texts.values() if len(set(names)) > 1]
    notes = [f"{learner}: {note}" for learner, one in found for note in one["notes"]]
    write_file(out / "class.html", class_page(rows, alike, notes).encode(errors="replace"), REMEDY)
    print(*notes, out / "grades.csv", out / "class.html", out / "feedback", sep="\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("submissions", type=Path, nargs="?")
    parser.add_argument("--notebooks", type=Path, default=ROOT / "notebooks", help="the course's")
    parser.add_argument("--chapter", default="", help="only this one, such as 03")
    parser.add_argument("--workers", type=int, default=available_cores())
    parser.add_argument("--seconds", type=float, default=300, help="of work for a cell, an answer")
    parser.add_argument("--minutes", type=float, default=30, help="for one notebook")
    parser.add_argument("--gigabytes", type=float, default=4, help="of memory for one notebook")
    parser.add_argument("--out", type=Path, default=GRADES)
    options = parser.parse_args()
    refuse_windows()
    if options.submissions is None:
        stop("whose? Name the folder of the notebooks: make grade SUBMISSIONS=folder")
    listed = submissions(options.submissions)
    chapters = [read(path) for path in sorted(options.notebooks.glob(f"{options.chapter}*.ipynb"))]
    bare_environment()
    limits = allowed(options.seconds, options.minutes, options.gigabytes, options.out,
                     options.submissions, options.notebooks)  # fmt: skip
    write(grade_all(listed, chapters, limits, options), chapters, options.out)


if __name__ == "__main__":
    main()
