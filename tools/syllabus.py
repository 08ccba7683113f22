"""Write each chapter's times and memory into the README's table and the notebooks.

The time to run and the memory are those of the last `make test`; the minutes of reading are
computed by `tools.reading` from what stands on the page.
"""

import json
import math
import re
import sys
from pathlib import Path

import nbformat

from tools.links import ROOT as HOME
from tools.links import checked, launch, written_home
from tools.reading import minutes

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
REPORT = ROOT / "build" / "notebooks.json"
MEASURED = re.compile(r"Running every cell took \d+ s and \d\.\d GB on two cores\.")
READING = re.compile(r"About \d+ minutes for the core, \d+ with everything\.")
TABLE = re.compile(r"(<!-- syllabus -->\n).*(<!-- /syllabus -->)", re.DOTALL)
HEAD = """\
| chapter | its question | reading | exercises | running it | peak memory | open in |
|---|---|---|---|---|---|---|
"""


def figures(report, name):
    if name not in report:
        sys.exit(f"{name} is not in {REPORT.name}: run `make test` first, on all notebooks.")
    seconds, gigabytes = report[name]["seconds"], report[name]["gigabytes"]
    return 5 * math.ceil(seconds / 5), math.ceil(10 * gigabytes) / 10


def row(path, seconds, gigabytes):
    cells = nbformat.read(path, as_version=4).cells
    title = cells[0].source.splitlines()[0].removeprefix("# ").replace(" ·", "")
    question = re.search(r"\*\*The question\.\*\* (.+)", cells[0].source)[1]
    core, whole = minutes(cells)
    exercises = sum('check("' in cell.source for cell in cells if "= ...\n" in cell.source
                    or "): ...\n" in cell.source)  # fmt: skip
    link = f"[{title}](notebooks/{path.name})"
    measured = f"{seconds} s | {gigabytes:.1f} GB"
    links = launch(*checked(*written_home(HOME)), path.stem, words=("Colab", "Binder"))
    return (
        f"| {link} | {question} | {core} min, all {whole} | {exercises} | {measured} | {links} |\n"
    )


def main():
    report = json.loads(REPORT.read_text()) if REPORT.exists() else {}
    rows = []
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        seconds, gigabytes = figures(report, path.stem)
        text = path.read_text(encoding="utf-8")
        sentence = f"Running every cell took {seconds} s and {gigabytes:.1f} GB on two cores."
        core, whole = minutes(nbformat.reads(text, as_version=4).cells)
        reading = f"About {core} minutes for the core, {whole} with everything."
        text = READING.sub(reading, MEASURED.sub(sentence, text))
        path.write_text(text, encoding="utf-8", newline="\n")
        rows.append(row(path, seconds, gigabytes))
    readme = README.read_text(encoding="utf-8")
    table = TABLE.sub(lambda match: match[1] + HEAD + "".join(rows) + match[2], readme)
    README.write_text(table, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
