"""Write chapters without their answers, for a class; or in nbgrader's source form.

    python -m tools.edition --answers none notebooks/03_convolution_arithmetic.ipynb

`--answers hints` leaves the hints in, `none` takes them out with the solutions. All else stays
as it is. With `--nbgrader`, the solutions stand where nbgrader takes them out, and each exercise
has a cell that is marked: its points are those in tools/turns.py.
"""

import argparse
import re
import shutil
import sys
from itertools import pairwise
from pathlib import Path

import nbformat

from tools.turns import CHECK, exercises, turn
from utils.datasets.fetch import write_file

ROOT = Path(__file__).resolve().parents[1]
EDITIONS = ROOT / "build" / "editions"
TAKEN = {"none": ("Hint", "Solution"), "hints": ("Solution",)}
TOLD = (  # what chapter 00 says of the folded lines, and what is true of each edition
    "Below each stub are two folded lines. Click the first for a hint. "
    "Click the second for a solution, after your own attempt."
)
INSTEAD = {
    "none": "This edition has no folded hints and solutions below the stubs.",
    "hints": "Below each stub is a folded line. Click it for a hint, after your own attempt.",
}
SOLUTION = re.compile(r"<summary>Solution</summary>\s*```python\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\((\d\d_\w+)\.ipynb")
SECONDS = 900  # for one cell; nbgrader's own limit is 30, less than some lessons take
CONFIG = f"""# For nbgrader, started in this folder: nbgrader generate_assignment NAME
c = get_config()
c.CourseDirectory.course_id = "tensors-to-gpus"
c.ExecutePreprocessor.timeout = {SECONDS}
c.Execute.timeout = {SECONDS}
c.ClearSolutions.code_stub = {{"python": ""}}  # each cell has a stub of its own
"""


def folded(summary):
    return re.compile(
        rf"<details>\s*<summary>{summary}</summary>.*?</details>[^\S\n]*\n*", re.DOTALL
    )


def without(cells, answers):
    """Take the answers out of the cells; of one that held nothing else a rule remains."""
    start = turn(cells)
    for place, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace(TOLD, INSTEAD[answers])
        if cell.cell_type == "markdown" and place >= start:
            kept = cell.source
            for summary in TAKEN[answers]:
                kept = folded(summary).sub("", kept)
            if kept != cell.source:
                cell.source = kept.strip("\n") or "---"


def solutions(cells):
    """Return {number of the exercise: its solution}, read in the cell after the stub's."""
    found = {}
    for cell, after in pairwise(cells):
        match = CHECK.search(cell.source) if cell.cell_type == "code" else None
        if match and (solution := SOLUTION.search(after.source)):
            found[match[1]] = solution[1]
    return found


def marks(name, graded, points=None):
    data = {"schema_version": 3, "grade_id": name, "grade": graded, "solution": not graded}
    return data | {"locked": graded, "task": False} | ({"points": points} if graded else {})


def for_nbgrader(cells, solved):
    """Return the cells with each solution between nbgrader's marks, and a graded cell after it."""
    levels = {one.number: one for one in exercises(cells)}
    made, start = [], turn(cells)
    for place, cell in enumerate(cells):
        cell.source = LINK.sub(r"(../\1/\1.ipynb", cell.source) if place else cell.source
        made.append(cell)
        match = CHECK.search(cell.source) if cell.cell_type == "code" and place >= start else None
        if not match:
            continue
        number, answer = match.groups()
        stub, check = cell.source[: match.start()].rstrip("\n"), cell.source[match.start() :]
        name = number.replace(".", "-")
        cell.source = f"{stub}\n\n\n### BEGIN SOLUTION\n{solved[number]}### END SOLUTION\n\n{check}"
        cell.metadata["nbgrader"] = marks(f"answer-{name}", False)
        made.append(graded_cell(number, answer, name, levels[number].points))
    return made


def graded_cell(number, answer, name, points):
    source = (
        "import contextlib\nimport sys\n\nfrom utils.exercises import verify\n\n"
        "with contextlib.redirect_stderr(sys.stdout):  # a warning is no mistake\n"
        f'    print(verify("{number}", {answer}))'
    )
    cell = nbformat.v4.new_code_cell(source, id=f"marks-{name}")
    cell.metadata["nbgrader"] = marks(f"marks-{name}", True, points)
    return cell


def edition(path, answers, nbgrader=False):
    """Return the notebook at `path` as a class gets it."""
    notebook = nbformat.read(path, as_version=4)
    solved = solutions(notebook.cells)
    without(notebook.cells, answers)
    if nbgrader:
        notebook.cells = for_nbgrader(notebook.cells, solved)
    return notebook


def write(path, answers, nbgrader, folder):
    notebook = edition(path, answers, nbgrader)
    place = folder / "source" / path.stem if nbgrader else folder
    place /= path.name
    write_file(place, (nbformat.writes(notebook) + "\n").encode(), "Name another --out.")
    for picture in set(re.findall(r"\]\((pictures/[^)]+)\)", nbformat.writes(notebook))):
        (place.parent / picture).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path.parent / picture, place.parent / picture)
    if nbgrader:
        write_file(folder / "nbgrader_config.py", CONFIG.encode(), "Name another --out.")
    print(place)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--answers", choices=list(TAKEN), default="none")
    parser.add_argument("--nbgrader", action="store_true", help="nbgrader's source form")
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    folder = options.out or EDITIONS / ("nbgrader" if options.nbgrader else options.answers)
    paths = options.notebooks or sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    for path in paths:
        if not path.is_file():
            sys.exit(f"edition: there is no {path}; name a chapter, as in CHAPTER=03.")
        write(path, options.answers, options.nbgrader, folder)


if __name__ == "__main__":
    main()
