"""Write a sheet of one page for each chapter, and the glossary, from teaching/terms.toml.

    python -m tools.sheets 03

They lie in build/sheets. A sheet has the chapter's shapes, formulas, calls and terms; printed on A4
it is one page.
"""

import argparse
import sys
import tomllib
from pathlib import Path

from tools.plain_page import inline, page
from tools.quiz import title
from utils.datasets.fetch import write_file

ROOT = Path(__file__).resolve().parents[1]
TERMS = ROOT / "teaching" / "terms.toml"
OUT = ROOT / "build" / "sheets"
COLUMNS = {"shapes": 3, "formulas": 3, "calls": 2, "terms": 4}  # how many texts a row has
STYLE = """
@page { size: A4; margin: 11mm }
body { max-width: none; font-size: 10pt; line-height: 1.35; margin: 0 auto; padding: 0 }
@media screen { body { max-width: 190mm; margin: 1em auto; padding: 0 1em } }
h1 { font-size: 14pt; margin: 0 0 .3em } h2 { font-size: 10.5pt; margin: .6em 0 .15em }
table { width: 100% } td { padding: .07em .7em .07em 0; overflow-wrap: anywhere }
td:first-child { width: 34% } td:nth-child(3) { white-space: nowrap }
.terms { columns: 3; font-size: 9.5pt; margin: 0; padding: 0; list-style: none }
"""
GLOSSARY_STYLE = """
@page { size: A4; margin: 12mm }
@media print { body { font-size: 9.5pt; line-height: 1.3; max-width: none; padding: 0 } }
body { max-width: 60em } tr { break-inside: avoid } td:nth-child(3) { width: 44% }
"""


def read(path=TERMS):
    """Return the chapters of the file. Raises ValueError that names what is wrong."""
    try:
        with open(path, "rb") as file:
            chapters = tomllib.load(file).get("chapter", [])
    except tomllib.TOMLDecodeError as error:
        raise ValueError(
            f"{path.name} cannot be read: {error}. Compare it with a line that works."
        ) from error
    for chapter in chapters:
        number = chapter.get("number")
        if missing := {"number", "setup", *COLUMNS} - set(chapter):
            raise ValueError(
                f"{path.name}, chapter {number}: {', '.join(sorted(missing))} is missing."
            )
        for kind, count in COLUMNS.items():
            for row in chapter[kind]:
                if len(row) != count or not all(isinstance(text, str) for text in row):
                    raise ValueError(
                        f"{path.name}, chapter {number}, {kind}: {row!r} is a row, "
                        f"expected {count} texts in quotation marks."
                    )
    return chapters


def code(text):
    """Return text as Markdown code, also where it holds a backtick."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def sheet(chapter, name):
    """Return one chapter's sheet as HTML."""
    shapes = [[inline(what), inline(code(call)), inline(code(gives))]
              for what, call, gives in chapter["shapes"]]  # fmt: skip
    formulas = [[inline(what), inline(formula)] for what, formula, _ in chapter["formulas"]]
    calls = [[inline(what), inline(code(call))] for call, what in chapter["calls"]]
    parts = []
    for heading, rows in (("Shapes", shapes), ("Formulas", formulas), ("Calls", calls)):
        cells = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
        body = "\n".join(f"<tr>{row}</tr>" for row in cells)
        parts.append(f"<h2>{heading}</h2>\n<table>\n{body}\n</table>")
    terms = "\n".join(
        f'<li>{inline(english)} <span lang="zh-Hans">{inline(chinese)}</span></li>'
        for english, chinese, *_ in chapter["terms"]
    )
    parts.append(f'<h2>Terms</h2>\n<ul class="terms">\n{terms}\n</ul>')
    return page(name, "\n".join(parts), STYLE)


def glossary(chapters):
    """Return all terms, by alphabet, with the chapter and heading that explain them."""
    rows = [(*term, chapter["number"]) for chapter in chapters for term in chapter["terms"]]
    lines = ["<tr><th>English</th><th>中文</th><th>meaning</th><th>explained in</th></tr>"]
    for english, chinese, meaning, section, number in sorted(rows, key=lambda r: r[0].casefold()):
        place = f"{number}, {section}" if section else number
        lines.append(
            f'<tr><td><b>{inline(english)}</b></td><td lang="zh-Hans">{inline(chinese)}</td>'
            f"<td>{inline(meaning)}</td><td>{inline(place)}</td></tr>"
        )
    return page("Glossary", "<table>\n" + "\n".join(lines) + "\n</table>", GLOSSARY_STYLE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="such as 03; without any, all and the glossary")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    try:
        chapters = {chapter["number"]: chapter for chapter in read()}
    except ValueError as error:
        sys.exit(str(error))
    pages = {}
    for number in options.chapters or chapters:
        if number not in chapters:
            sys.exit(f"no sheet for chapter {number!r}; there are {', '.join(chapters)}.")
        pages[number] = sheet(chapters[number], title(number))
    pages["glossary"] = glossary(chapters.values())
    for name, text in pages.items():
        place = options.out / f"{name}.html"
        write_file(place, text.encode(), "Name another --out.")
        print(place)


if __name__ == "__main__":
    main()
