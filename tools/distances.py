"""Measure how far the numbers of "about" cells move, and propose a distance for each cell.

    make distances CHAPTER=00
    python -m tools.distances notebooks/00_start_here.ipynb --cells 27 30

The chapter runs with other seeds, one and two threads, and other instruction sets. Where a cell's
metadata says "about": "?", twice of what was seen is written there; how far the numbers moved is
written as "seen" into every cell measured. `tests/course` refuses more than three times of it.
"""

import argparse
import math
import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from tqdm.auto import tqdm

from tools.about import difference, numbers, texts, whole, words
from tools.execute import require_real_images, save

SEED = re.compile(r"(manual_seed\(|seed_everything\(|\bseed=)(\d+)")
ONEDNN_OFF = "import torch\ntorch.backends.mkldnn.enabled = False"
# How a run differs: what is added to each seed, what the kernel runs first, its environment
# fmt: off
RUNS = {
    "as it is": (0, "", {}),
    "seeds + 1": (1, "", {}),
    "seeds + 2": (2, "", {}),
    "one thread": (0, "", {"OMP_NUM_THREADS": "1"}),
    "two threads": (0, "", {"OMP_NUM_THREADS": "2"}),
    "no vector instructions": (0, "", {"ATEN_CPU_CAPABILITY": "default"}),
    "an older processor": (0, "", {
        "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    }),
    "oneDNN off": (0, ONEDNN_OFF, {}),
    "MKL's SSE": (0, "", {"MKL_ENABLE_INSTRUCTIONS": "SSE4_2", "MKL_CBWR": "COMPATIBLE"}),
}
# fmt: on


def varied(notebook, offset, prelude):
    """Return a copy of the notebook with other seeds, and a first cell that sets the scene."""
    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.source = SEED.sub(lambda m: f"{m[1]}{int(m[2]) + offset}", cell.source)
            cell.outputs, cell.execution_count = [], None
    copy.cells.insert(0, nbformat.v4.new_code_cell(prelude))
    return copy


def run(notebook, folder, offset, prelude, env):
    """Return the printed text of each cell; a cell that fails is no reason to stop here."""
    copy = varied(notebook, offset, prelude)
    NotebookClient(
        copy, timeout=1800, kernel_name="python3", allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
    ).execute(env=os.environ | env)  # fmt: skip
    return [text_of(cell) for cell in copy.cells[1:]]


def text_of(cell):
    return "\n".join(text for kind, text in texts(cell.get("outputs", [])) if kind != "picture")


def about_cells(notebook, chosen):
    return [
        place
        for place, cell in enumerate(notebook.cells)
        if "about" in cell.metadata and (not chosen or place in chosen)
    ]


def moved(stored, results):
    """Return how far each number moved at most, and where the words or the count changed."""
    before = numbers(stored)
    far, changed = [0.0] * len(before), {}
    for name, text in results.items():
        now = numbers(text)
        if len(now) != len(before) or words(text) != words(stored):
            changed[name] = difference(stored, text, [1e300] * len(before))
            continue
        for place, ((_, value, _), (_, other, _)) in enumerate(zip(before, now, strict=True)):
            far[place] = max(far[place], abs(value - other))
    return far, changed


def unit(written):
    """Return one unit of a number's last printed digit: rounding alone may move it so far."""
    plain = written.rstrip("%").lower()
    digits, _, power = plain.partition("e")
    return 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))


def seen(about, stored, far):
    """Return how far the numbers moved in the form that `about` has: one, a share, or a list."""
    found = numbers(stored)
    far = [max(one, unit(written)) for one, (written, *_) in zip(far, found, strict=True)]
    if isinstance(about, list):
        pairs = zip(about, far, found, strict=True)
        return [_form(one, moved, value) for one, moved, (_, value, _) in pairs]
    floats = [(m, value) for m, (written, value, _) in zip(far, found, strict=True)
              if not whole(written)]  # fmt: skip
    if isinstance(about, str) and about.endswith("%"):
        return f"{max(_percent(*pair) for pair in floats):.2g} %"
    return float(f"{max((m for m, _ in floats), default=0.0):.3g}")


def _form(about, moved, value):
    if isinstance(about, str) and about.endswith("%"):
        return f"{_percent(moved, value):.2g} %"
    return 0 if about == 0 else float(f"{moved:.3g}")


def _percent(moved, value):
    return 100 * moved / abs(value) if value else math.inf


def twice(measured):
    """Return twice what was seen, with two digits."""
    return float(f"{2 * measured:.2g}")


def settle(cell, far):
    """Write what was seen into the cell's metadata, and a distance where none stands yet."""
    about, stored = cell.metadata["about"], text_of(cell)
    cell.metadata["seen"] = measured = seen(about, stored, far)
    if about == "?":
        cell.metadata["about"] = twice(measured)
    elif isinstance(about, list):
        cell.metadata["about"] = [
            twice(one) if old == "?" else old for old, one in zip(about, measured, strict=True)
        ]


def report(place, cell, results):
    """Print what was seen of one cell, settle its distance, and return whether all is well."""
    stored = text_of(cell)
    far, changed = moved(stored, results)
    print(f"\ncell {place}: {cell.source.strip().splitlines()[0][:70]}")
    for name, words_ in changed.items():
        print(f"  {name}: not only the numbers changed: {words_}")
    for (written, _, line), most in zip(numbers(stored), far, strict=True):
        print(f"  {written:>10} moved by {most:<8.3g} in {line[:60]!r}")
    about = cell.metadata["about"]
    if isinstance(about, list) and len(about) != len(far):
        print(f"  {len(far)} numbers, {len(about)} distances: give one for each")
        return False
    settle(cell, far)
    print(f"  seen {cell.metadata['seen']}, about {cell.metadata['about']}")
    return not changed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--cells", nargs="*", type=int, help="only these, counted from 0")
    options = parser.parse_args()
    require_real_images()
    well = True
    for path in options.notebooks:
        notebook = nbformat.read(path, as_version=4)
        places = about_cells(notebook, options.cells)
        if not places:
            print(f'{path.name}: no cell says "about"')
            continue
        bar = tqdm(RUNS.items(), desc=path.stem)
        results = {name: run(notebook, path.parent, *how) for name, how in bar}
        for place in places:
            cell = notebook.cells[place]
            well &= report(place, cell, {name: run[place] for name, run in results.items()})
        save(notebook, path)
    sys.exit(0 if well else "Some cells need another print, or a list of distances.")


if __name__ == "__main__":
    main()
