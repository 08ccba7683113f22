"""Check a lab that was handed in: points by task, with the likely mistake named.

    python -m tools.lab_check --lab 2 --seed 70412 ada.ipynb

The notebook runs from a blank kernel, in an empty folder, with limits on time, memory and the size
of files; stored outputs do not count. A folder is taken as one submission a file. The kernel runs
with your rights, so keep this for people you trust, or use a container.
"""

import argparse
import os
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook
from tqdm.auto import tqdm

from tools.labs import ROOT, options, read, stop
from utils.datasets.fetch import data_folder

SECONDS = 60  # for one cell, and for judging one answer
KIND = "application/x-lab-verdict+json"
LIMITS = """try:
    import psutil, resource
    more = psutil.Process().memory_info().vms + 4 * 10**9
    for kind, most in (resource.RLIMIT_AS, more), (resource.RLIMIT_FSIZE, 5 * 10**8):
        resource.setrlimit(kind, (most, most))
except (ImportError, ValueError, OSError):  # Windows has no such limits, macOS one of them
    pass"""
JUDGE = """import sys
sys.path.insert(0, {root!r})
from IPython.display import display as _display
from teaching.labs.judge import verdict as _verdict
if {name!r} in globals():
    _found = _verdict({lab}, {seed}, {task}, globals()[{name!r}])
else:
    _found = (False, "not attempted yet: no cell defines {name}")
_display({{{kind!r}: list(_found)}}, raw=True)"""


def code_of(path):
    """Return the sources of a notebook's code cells; ValueError if it is none."""
    try:
        cells = nbformat.read(path, as_version=4).cells
        return [cell.source for cell in cells if cell.cell_type == "code"]
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        nbformat.ValidationError,
    ) as error:
        raise ValueError(f"this is no notebook that can be read ({type(error).__name__})") from None


def run(sources, judges, folder, seconds=SECONDS):
    """Run the sources, then the judges; return for each judge [right, words], None if it failed."""
    cells = [new_code_cell(source) for source in (LIMITS, *sources, *judges)]
    notebook = new_notebook(cells=cells)
    own = {"HOME": folder, "TMPDIR": folder, "COURSE_DATA": str(data_folder().resolve())}
    own |= {"IPYTHONDIR": folder, "MPLCONFIGDIR": folder}
    with tqdm(total=len(cells), unit="cell", leave=False) as bar:
        client = NotebookClient(
            notebook, timeout=seconds, interrupt_on_timeout=True, allow_errors=True,
            kernel_name="python3", resources={"metadata": {"path": folder}},
            on_cell_executed=lambda **_: bar.update(),
        )  # fmt: skip
        try:
            client.execute(env=os.environ | own)
        except DeadKernelError:
            raise ValueError("the kernel died: too much memory, or the program ended it") from None
    return [_verdict_in(cell) for cell in notebook.cells[-len(judges) :]]


def _verdict_in(cell):
    found = [output.data[KIND] for output in cell.outputs if KIND in output.get("data", {})]
    return found[-1] if found else None


def check(path, lab, number, seed, seconds=SECONDS):
    """Return [(task, points earned, words)] for a submission; ValueError says why not."""
    judges = [
        JUDGE.format(
            root=str(ROOT), name=task.name, lab=number, seed=seed, task=task.number, kind=KIND
        )
        for task in lab.tasks
    ]
    with tempfile.TemporaryDirectory() as folder:
        found = run(code_of(path), judges, folder, seconds)
    late = (
        False,
        f"cannot be judged: calling the answer took more than {seconds} s, or ended the run",
    )
    verdicts = [late if one is None else one for one in found]
    return [(task, task.points * bool(right), str(words))
            for task, (right, words) in zip(lab.tasks, verdicts, strict=True)]  # fmt: skip


def report(rows):
    """Return the lines for one submission."""
    lines = [
        f"  task {task.number}  {points} of {task.points}  {words}" for task, points, words in rows
    ]
    total = sum(points for _, points, _ in rows)
    return [*lines, f"  together {total} of {sum(task.points for task, *_ in rows)} points"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("submission", nargs="?", type=Path)
    chosen = options(parser)
    place = chosen.submission
    if place is None or not place.exists():
        said = "not given" if place is None else f"{place}, which is not there"
        stop(f"SUBMISSION is {said}; expected a notebook or a folder of them. Write it like "
             "this: SUBMISSION=ada.ipynb")  # fmt: skip
    paths = sorted(place.glob("*.ipynb")) if place.is_dir() else [place]
    if not paths:
        stop(f"no notebook in {place}, expected one a learner, such as ada.ipynb")
    from teaching.labs.judge import given  # it needs PyTorch, which takes seconds

    lab = read(chosen.lab, given(chosen.lab, chosen.seed))
    for path in paths:
        print(f"lab {chosen.lab}, seed {chosen.seed}: {path.name}")
        try:
            lines = report(check(path.resolve(), lab, chosen.lab, chosen.seed))
        except ValueError as error:
            lines = [f"  {error}"]
        print(*lines, sep="\n", flush=True)


if __name__ == "__main__":
    main()
