"""Run what wants a GPU on a machine that has one, and say how it went there.

    python -m tools.gpu

Chapters 08 and 09 are executed into copies in build/gpu, the ladder is climbed and the recipe
trained with all images, and proofs are made to the last bit. What was found is in build/gpu.json,
and as a table in build/gpu.md. --small tries this very program on a CPU: it says nothing of GPUs.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient.exceptions import CellControlSignal, DeadKernelError

from tools import bench, execute, gpu_proofs, recipe
from tools.bench_ladder import device_name, ladder
from tools.bench_summary import machine
from utils.datasets.fetch import write_file
from utils.training import pick_device

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = ("08", "09")
LARGE = {"images": 60_000, "epochs": 10, "width": 32, "recipe_epochs": recipe.EPOCHS, "cells": None}
SMALL = {"images": 600, "epochs": 1, "width": 4, "recipe_epochs": 1, "cells": 7}
REMEDY = "Name another --out."


def chapter(number, out, cells=None):
    """Execute a copy of the chapter, or its first cells, and return seconds and the error."""
    [path] = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = notebook.cells[:cells]
    for cell in execute.code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    start, error = time.perf_counter(), None
    try:
        execute.execute(notebook, path.parent)
    except (CellControlSignal, DeadKernelError) as failed:  # the former for a cell too slow, too
        name = getattr(failed, "ename", type(failed).__name__)
        error = f"{name}: {getattr(failed, 'evalue', failed)}".partition("\n")[0]
    seconds = time.perf_counter() - start
    write_file(out / path.name, nbformat.writes(notebook).encode(), REMEDY)
    ran = sum(cell.execution_count is not None for cell in execute.code_cells(notebook))
    return {"chapter": path.stem, "seconds": seconds, "cells": ran, "error": error}


def trained(device, how):
    more = {"width": how["width"], "batch_size": 250, "max_lr": 0.01, "seed": 0}
    return recipe.train(device, how["images"], epochs=how["recipe_epochs"], **more)


def everything(device, how, out):
    """Return what is written; each part has a process of its own, and so the whole card."""
    chapters = [chapter(number, out, how["cells"]) for number in CHAPTERS]
    proofs = bench.apart(gpu_proofs.proofs, device, how["images"])["proofs"]
    return machine() | {
        "card": device_name(device),
        "device": str(device),
        "sizes": how,
        "chapters": chapters,
        "proofs": proofs,
        "ladder": bench.apart(ladder, how["images"], how["epochs"]),
        "recipe": bench.apart(trained, device, how),
        "passed": not any(done["error"] for done in chapters) and False not in proofs.values(),
    }


def table(result):
    """Return the result as a table in Markdown, the card named in its head."""
    rows = []
    for done in result["chapters"]:
        said = f"fails: {done['error']}" if done["error"] else f"{done['cells']} cells ran"
        rows.append((done["chapter"], f"{said}, {done['seconds']:.0f} s"))
    words = {True: "holds", False: "does not hold", None: "not tried: no float64 here"}
    rows += [(name, words[held]) for name, held in result["proofs"].items()]
    for rung in result["ladder"]["rungs"]:
        said = f"not climbed: {rung['skipped']}" if "skipped" in rung else of_rung(rung)
        rows.append((f"ladder: {rung['name']}", said))
    done = result["recipe"]
    rows.append(
        (
            f"recipe, {done['epochs']} epochs",
            f"{done['test_accuracy']:.2%} after {done['seconds']:.0f} s, "
            f"{done['images_per_second']:,.0f} images/s ({done['data']} images)",
        )
    )
    head = f"| torch {result['torch']}, {result['date']} | {result['card']} |"
    return "\n".join([head, "|---|---|", *(f"| {name} | {clean(said)} |" for name, said in rows)])


def of_rung(rung):
    kept = "" if rung["kept"] else ", not kept"
    return f"{rung['images_per_second']:,.0f} images/s, {rung['test_accuracy']:.2%}{kept}"


def clean(text):
    return text.replace("|", "/")  # which would end the table's cell


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="few images, on the CPU: a try")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "gpu.json")
    options = parser.parse_args(arguments)
    if options.small:
        os.environ["COURSE_DEVICE"] = "cpu"  # for the kernels, too
    device = pick_device()
    if device.type == "cpu" and not options.small:
        sys.exit("gpu: PyTorch finds no GPU that computes here: run this on a machine with one.")
    copies = options.out.with_suffix("")
    result = everything(device, SMALL if options.small else LARGE, copies)
    write_file(options.out, json.dumps(result, indent=2).encode() + b"\n", REMEDY)
    write_file(options.out.with_suffix(".md"), table(result).encode() + b"\n", REMEDY)
    print(table(result))
    if not result["passed"]:
        sys.exit(f"gpu: a chapter or a proof fails: look at the table, and the copies in {copies}.")


if __name__ == "__main__":
    main()
