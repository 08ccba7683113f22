"""Write the minutes of each section into the lesson plans, teaching/lessons/NN.md.

    python -m tools.lessons 03

A plan stands between <!-- plan --> and <!-- /plan -->. Its columns for a class say "home" (read at
home), "-" (left out) or minutes; the minutes are written here. Alone: tools.reading's estimate. In
class: the same, since what is told and shown is the page, and one more for each poll.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell

from tools.reading import seconds
from utils.datasets.fetch import write_file

ROOT = Path(__file__).resolve().parents[1]
LESSONS = ROOT / "teaching" / "lessons"
CUTS = (90, 45)
POLL = 60  # seconds for a vote, a word with the neighbour and a second vote, above the prediction's
PLAN = re.compile(r"(<!-- plan -->\n).*?(<!-- /plan -->)", re.DOTALL)
PREDICTION = re.compile(r"^> \*\*Predict\.\*\* (.+)$", re.MULTILINE)
HEAD = "| section | alone | in 90 | in 45 |\n|---|---|---|---|\n"
OUTSIDE = ("You will be able to", "Your turn")


def notebook(chapter, root=ROOT):
    """Return the cells of the chapter that begins with these two digits."""
    found = sorted((root / "notebooks").glob(f"{chapter}_*.ipynb"))
    if not found:
        raise ValueError(f"there is no notebook of chapter {chapter!r}; expected two digits.")
    return nbformat.read(found[0], as_version=4).cells


def core(cells):
    """Return {heading: (seconds alone, predictions)} of the core, in the page's order."""
    sections, heading = {}, None
    for number, cell in enumerate(cells):
        for part in _parts(cell):
            if match := re.match(r"## (.+)", part.source):
                heading = match[1]
            if heading is None or heading in OUTSIDE or heading.startswith("Further: "):
                continue
            spent, predictions = sections.get(heading, (0, []))
            if number != 2:  # the setup cell is folded
                spent += seconds(part)
            if part.cell_type == "markdown":
                predictions = predictions + [
                    plain(text) for text in PREDICTION.findall(part.source)
                ]
            sections[heading] = spent, predictions
    return sections


def _parts(cell):
    if cell.cell_type != "markdown":
        return [cell]
    return [new_markdown_cell(text) for text in re.split(r"^(?=## )", cell.source, flags=re.M)]


def plain(text):
    """Return text without the addresses of its links."""
    return re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text).strip()


def minutes(spent, polls=0):
    return max(1, round((spent + POLL * polls) / 60))


def table(chosen, sections):
    """Return the plan's rows: `chosen` is {heading: (word for 90, word for 45)}."""
    lines, sums = [], [0, 0, 0]
    for heading, (spent, predictions) in sections.items():
        row = [minutes(spent)]
        for word in chosen.get(heading, ("-", "-")):
            row.append(word if word in ("home", "-") else minutes(spent, len(predictions)))
        lines.append(f"| {heading} | {row[0]} | {row[1]} | {row[2]} |\n")
        sums = [total + (cell if isinstance(cell, int) else 0)
                for total, cell in zip(sums, row, strict=True)]  # fmt: skip
    lines.append(f"| **together** | **{sums[0]}** | **{sums[1]}** | **{sums[2]}** |\n")
    left = [cut - total for cut, total in zip(CUTS, sums[1:], strict=True)]
    lines.append(f"| left for the start, questions and exercises | | {left[0]} | {left[1]} |\n")
    return HEAD + "".join(lines)


def chosen_in(text):
    """Return {heading: (word, word)} of the plan in a lesson's text."""
    rows = re.findall(r"^\| (.+?) \| *\d+ *\| (\S+) \| (\S+) \|$", text, re.MULTILINE)
    return {heading: (long, short) for heading, long, short in rows}


def renewed(text, chapter, root=ROOT):
    """Return a lesson's text with the minutes as they follow from its notebook."""
    plan = PLAN.search(text)
    if not plan:
        raise ValueError(f"{chapter}.md has no <!-- plan --> and <!-- /plan -->; add both lines.")
    chosen, sections = chosen_in(plan[0]), core(notebook(chapter, root))
    for heading, words in chosen.items():
        for word in words:
            if not re.fullmatch(r"home|-|\d+", word):
                raise ValueError(
                    f"{chapter}.md, {heading}: {word!r}, expected home, - or a number of minutes."
                )
    return PLAN.sub(lambda match: match[1] + table(chosen, sections) + match[2], text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="such as 03; without any, all")
    options = parser.parse_args()
    there = sorted(path.stem for path in LESSONS.glob("[0-9][0-9].md"))
    for chapter in options.chapters or there:
        if chapter not in there:
            sys.exit(f"no lesson plan for chapter {chapter!r}; there are {', '.join(there)}.")
        path = LESSONS / f"{chapter}.md"
        try:
            text = renewed(path.read_text(encoding="utf-8"), chapter)
        except ValueError as error:
            sys.exit(str(error))
        write_file(path, text.encode(), "Nothing was changed.")
        print(path)


if __name__ == "__main__":
    main()
