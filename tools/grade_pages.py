"""What grading writes: grades.csv, a page of feedback for each learner, and one for the class."""

import csv
import html
import io
import re
from collections import Counter

from tools.turns import OPEN, RIGHT, WRONG

COLUMNS = ("learner", "exercise", "verdict", "points", "message")
NO_NOTEBOOK, NOT_GRADED = "no notebook", "not graded"
STYLE = """body { font: 1rem/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse } th, td { border-bottom: 1px solid; padding: .3rem .8rem;
text-align: left; vertical-align: top; overflow-wrap: anywhere }"""
COMMON = 3  # how many of the most frequent mistakes are listed


def page(title, *parts):
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{STYLE}</style>'
    begin = f'<!doctype html>\n<html lang="en"><head>{head}</head><body>'
    return "\n".join([begin, f"<h1>{html.escape(title)}</h1>", *parts, "</body></html>\n"])


def table(heads, rows):
    """Return a table; everything in it is text, whatever a learner wrote."""
    lines = ["<table>", "<tr>" + "".join(f'<th scope="col">{one}</th>' for one in heads) + "</tr>"]
    for row in rows:
        lines.append("<tr>" + "".join(f"<td>{html.escape(str(one))}</td>" for one in row) + "</tr>")
    return "\n".join([*lines, "</table>"])


def paragraph(text):
    return f"<p>{html.escape(text)}</p>"


def grades(rows):
    """Return `rows`, of COLUMNS, as the text of a CSV file.

    A spreadsheet takes a cell that begins with "=" for a formula; such text gets a quote before.
    """
    kept = io.StringIO()
    writer = csv.writer(kept, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(f"'{one}" if str(one)[:1] in ("=", "+", "-", "@") else one for one in row)
    return kept.getvalue()


def feedback(learner, rows, points):
    """Return the page of one learner; `points` is {exercise: what it is worth}."""
    earned = sum(row[3] for row in rows)
    listed = [(number, verdict, f"{got} of {points.get(number, 0)}", message)
              for _, number, verdict, got, message in rows]  # fmt: skip
    total = f"{earned} of {sum(points.get(row[1], 0) for row in rows)} points."
    return page(learner, paragraph(total), table(("exercise", "verdict", "points", "why"), listed))


def mistake(message):
    """Return the mistake that a message names, or what kind of failure it tells of."""
    if raised := re.search(r"\braised (\w+)", message):
        return f"the code raised {raised[1]}"
    first, _, named = message.partition(". ")
    if named:
        return named
    return "a mistake without a name" if first.startswith(("got ", "given ")) else first[:100]


def class_page(rows, alike, notes=()):
    """Return the page of the class: verdicts by exercise, frequent mistakes, copies, notes."""
    listed = []
    for number in sorted(
        {row[1] for row in rows if row[1]}, key=lambda n: [*map(int, n.split("."))]
    ):
        own = [row for row in rows if row[1] == number]
        counts = [sum(row[2] == kind for row in own) for kind in (RIGHT, WRONG, OPEN)]
        named = Counter(mistake(row[4]) for row in own if row[2] == WRONG).most_common(COMMON)
        listed.append((number, *counts, "; ".join(f"{words} ({n})" for words, n in named)))
    heads = ("exercise", "right", "wrong", "not attempted", "most frequent mistakes")
    unread = [paragraph(f"{row[0]}: {row[4]}") for row in rows if not row[1]]
    same = [
        paragraph(
            f"The same, word for word, in all answers: {', '.join(names)}. They may "
            "have worked together, or copied the folded solutions."
        )
        for names in alike
    ]
    learners = len({row[0] for row in rows})
    return page(
        "The class",
        paragraph(f"{learners} learners."),
        table(heads, listed),
        *unread,
        *same,
        *map(paragraph, notes),
    )
