"""What the tests need of the chapters: read once, taken apart in one place."""

import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
PATHS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
CHAPTERS = {path.stem: nbformat.read(path, as_version=4) for path in PATHS}
NEW_FORM = (
    "00_start_here",
    "01_tensors",
    "02_data",
    "03_convolution_arithmetic",
    "04_modules",
    "05_forward_pass",
    "06_gradients",
    "07_training_loop",
    "08_gpu_training",
    "09_distributed_training",
    "10_your_own_pictures",
)  # the others follow the older rules alone
CHECK = re.compile(r'check\("(\d+\.\d+)", (\w+|\.\.\.)\)')
SOLUTION = re.compile(r"<summary>Solution</summary>\s*```python\n(.*?)```", re.DOTALL)


def code_cells(name):
    return [cell for cell in CHAPTERS[name].cells if cell.cell_type == "code"]


def prose_cells(name):
    return [cell for cell in CHAPTERS[name].cells if cell.cell_type == "markdown"]


def tags(cell):
    return cell.metadata.get("tags", [])


def exercises(name):
    """Return {number: (stub cell's source, solution's source)} of what stands under Your turn."""
    cells, found = CHAPTERS[name].cells, {}
    turn = next(n for n, cell in enumerate(cells) if cell.source.startswith("## Your turn"))
    for cell, after in zip(cells[turn:], cells[turn + 1 :], strict=False):
        if cell.cell_type == "code" and (match := CHECK.search(cell.source)):
            solution = SOLUTION.search(after.source)
            found[match[1]] = (cell.source, solution and solution[1])
    return found
