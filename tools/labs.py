"""Write a lab for a class: starter notebook, solution and rubric, with the numbers of a seed.

    python -m tools.labs --lab 2 --seed 70412

A lab is teaching/labs/lab_2/lab.md: its tasks with their solutions and rubrics, where {{ name }} is
a number that the seed draws; checks.py beside it says how. Interrupted, no file is half-written.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
from jinja2 import Environment, StrictUndefined
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.execute import METADATA
from utils.datasets.fetch import DataError, write_file

ROOT = Path(__file__).resolve().parents[1]
LABS = ROOT / "teaching" / "labs"
CODE = re.compile(r"^```python\n(.*?)^```\n?", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^## Task (\d) · (\w+) \((\d) points?\)$", re.MULTILINE)
NAME = re.compile(r"^(?:def |class )?(\w+)")
HAND_IN = (
    "Write your answers into the cells, keep their names, run all cells, and hand in this file."
)


class Task(NamedTuple):
    number: int
    kind: str
    points: int
    text: str
    stub: str
    example: str
    solution: str
    reason: str
    rubric: str

    @property
    def name(self):
        """The name under which the answer is looked for."""
        return NAME.match(self.stub)[1]


class Lab(NamedTuple):
    title: str
    text: str
    setup: str
    tasks: list


def read(number, numbers):
    """Return the Lab of that number, with `numbers` put in."""
    source = (LABS / f"lab_{number}" / "lab.md").read_text(encoding="utf-8")
    reader = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    source = reader.from_string(source).render(numbers)
    title, begin = source.split("\n", 1)
    places = [match.start() for match in HEADING.finditer(source)]
    parts = [source[a:b] for a, b in zip(places, [*places[1:], len(source)], strict=True)]
    begin = begin[: HEADING.search(begin).start()]
    return Lab(title[2:], _prose(begin), CODE.search(begin)[1].strip(), list(map(_task, parts)))


def _task(part):
    number, kind, points = HEADING.match(part).groups()
    text, solution, rubric = re.split(r"^### (?:Solution|Rubric)$", part, flags=re.MULTILINE)
    stub, *example = CODE.findall(text)
    return Task(
        int(number), kind, int(points), _prose(text.partition("\n")[2]),
        stub.strip(), "".join(example).strip(),
        CODE.search(solution)[1].strip(), _prose(solution), rubric.strip(),
    )  # fmt: skip


def _prose(text):
    return CODE.sub("", text).strip()


def notebook(lab, solved=False):
    """Return the starter notebook of a Lab, or the solution."""
    head = f"# {lab.title}{': solution' * solved}\n\n{lab.text}\n\n{HAND_IN}"
    cells = [new_markdown_cell(head), new_code_cell(lab.setup)]
    for task in lab.tasks:
        points = f"{task.points} points"
        cells.append(
            new_markdown_cell(f"## Task {task.number} · {task.kind} ({points})\n\n{task.text}")
        )
        cells.append(new_code_cell(task.solution if solved else task.stub))
        if task.example:
            cells.append(new_code_cell(task.example))
        if solved and task.reason:
            cells.append(new_markdown_cell(task.reason))
    for place, cell in enumerate(cells):
        cell.id = f"cell-{place}"  # the same file each time
    return new_notebook(cells=cells, metadata=METADATA)


def rubric(lab, number, seed):
    """Return the rubric as text: points by task, and the right answers for these numbers."""
    call = f"make check-lab LAB={number} SEED={seed} SUBMISSION=file"
    parts = [f"# {lab.title}: rubric for seed {seed}\n",
             f"`{call}` gives all points of a task or none. What is marked *by hand* is for you "
             "to give.\n"]  # fmt: skip
    for task in lab.tasks:
        answer = f"```python\n{task.solution}\n```"
        parts.append(f"## Task {task.number} ({task.points} points)\n\n{task.rubric}\n\n{answer}\n")
    parts.append(f"Together {sum(task.points for task in lab.tasks)} points.")
    return "\n".join(parts) + "\n"


def whole(text):
    """Return a seed or the number of a lab; argparse says which value is no whole number."""
    if not re.fullmatch("[0-9]+", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def stop(message):
    sys.exit(f"{Path(sys.argv[0]).stem}: {message}")


def options(parser):
    """Return the options; stop with a sentence if lab or seed are wrong."""
    parser.add_argument("--lab", type=whole)
    parser.add_argument("--seed", type=whole)
    chosen = parser.parse_args()
    there = sorted(int(path.name[4:]) for path in LABS.glob("lab_*"))
    if chosen.lab not in there:
        stop(f"LAB is {chosen.lab or 'not given'}, expected a number from {there[0]} to "
             f"{there[-1]}. Write it like this: LAB=2")  # fmt: skip
    if chosen.seed is None:
        stop("SEED is not given. Choose a whole number that nobody guesses, keep it, and write it "
             "like this: SEED=70412")  # fmt: skip
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "labs")
    chosen = options(parser)
    from teaching.labs.judge import given  # it needs PyTorch, which takes seconds

    lab = read(chosen.lab, given(chosen.lab, chosen.seed))
    folder = chosen.out / f"lab_{chosen.lab}" / f"seed_{chosen.seed}"
    texts = {
        f"lab_{chosen.lab}.ipynb": nbformat.writes(notebook(lab)) + "\n",
        "solution.ipynb": nbformat.writes(notebook(lab, solved=True)) + "\n",
        "rubric.md": rubric(lab, chosen.lab, chosen.seed),
    }
    for name, text in texts.items():
        try:
            write_file(folder / name, text.encode(), "Name another --out, or make room.")
        except DataError as error:
            stop(error)
        print(folder / name)


if __name__ == "__main__":
    main()
