"""Write a chapter's slides: its claims, predictions and figures, as one page that needs no network.

    python -m tools.slides notebooks/03_convolution_arithmetic.ipynb

What is on a slide is marked in the notebook, in a cell's metadata: {"slide": "claim predict"}. The
words name parts of a cell (`PARTS`), since a prose cell has more in it than a slide can hold;
Jupyter's own mark, `slideshow`, takes a cell whole.
"""

import argparse
import base64
import html
import io
import re
import sys
from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from PIL import Image

from tools.reveal_js import Unavailable, reveal
from tools.slides_parts import PARTS, parts_of
from utils.datasets.fetch import DataError, write_file

ROOT = Path(__file__).resolve().parents[1]
SLIDES = ROOT / "build" / "slides"
LINES, WIDTH = 12, 66  # what fits below the name of the section: lines, and characters in one
LINE, ACROSS = 46, 1184  # pixels: the height of a line, the width of a slide without its edges


def marked(notebook):
    """Return [(part, content)] of what is marked; ValueError names a mark that finds nothing."""
    found = []
    for number, cell in enumerate(notebook.cells):
        words = cell.metadata.get("slide", "").split()
        parts = parts_of(cell)
        there = {part for part, _ in parts}
        for word in words:
            if word not in PARTS:
                raise ValueError(
                    f"cell {number} is marked {word!r}, expected of {', '.join(PARTS)}"
                )
            if word not in there:
                raise ValueError(f"cell {number} is marked {word!r}, but has no such part")
        found += [
            (part.removeprefix("first-"), content) for part, content in parts if part in words
        ]
    return found


def rendered(part, content):
    """Return a part as HTML."""
    if part in ("code", "result"):
        return f'<pre class="{part}">{html.escape(content)}</pre>'
    if part == "figure":
        kind, picture, text = content
        return (f'<figure><img src="data:{kind};base64,{picture}" alt="{html.escape(text)}">'
                "</figure>")  # fmt: skip
    if part == "formula":
        return f'<p class="math"><img src="{drawn(content)}" alt="{html.escape(content)}"></p>'
    if part == "claim":
        heading, text = content
        level = 1 if heading.startswith("# ") else 2
        below = f"\n<p>{inline(text)}</p>" * bool(text)
        return f"<h{level}>{inline(heading.lstrip('# '))}</h{level}>{below}"
    kind = "answer fragment" if part == "folded" else part
    return f'<div class="{kind}">{inline(content)}</div>'


def inline(text):
    """Return a paragraph of Markdown as HTML."""
    done = str(markdown2html_mistune(text)).strip()
    return re.sub(r"^<p>(.*)</p>$", r"\1", done, flags=re.DOTALL)


def drawn(formula):
    """Return a formula as a picture's address."""
    import matplotlib
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import math_to_image

    page = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "slides"}):
        math_to_image(f"${formula}$", page, prop=FontProperties(size=26), format="svg")
    return f"data:image/svg+xml;base64,{base64.b64encode(page.getvalue()).decode()}"


def lines(part, content):
    """Return about how many lines a part takes."""
    if part == "figure":
        width, height = Image.open(io.BytesIO(base64.b64decode(content[1]))).size
        need = round(height * min(1.2, ACROSS / width) / LINE)
        return min(need, 7) if need < LINES - 1 else LINES - 1  # it shrinks a little, to be read
    text = content[1] if part == "claim" else content
    rows = sum(-(-max(1, len(line)) // WIDTH) for line in text.splitlines())
    if part in ("code", "result"):
        rows = -(-rows * 4 // 5)  # its letters are smaller
    return rows + (part != "result")


def pieces(code):
    """Return code as texts that fit on a slide each, cut above a line that is not indented."""
    rest, found = code.splitlines(), []
    while lines("code", "\n".join(rest)) > LINES + 1:
        fits = max(n for n in range(1, len(rest)) if lines("code", "\n".join(rest[:n])) <= LINES)
        cut = max((n for n in range(2, fits + 1) if rest[n][:1].strip()), default=fits)
        found.append("\n".join(rest[:cut]).rstrip())
        rest = rest[cut:]
    return [*found, "\n".join(rest)]


def slides(parts):
    """Return the slides as lists of parts; a prediction ends its slide, its answer is the next."""
    found, room, where = [], 0, ""
    parts = [
        (part, piece)
        for part, content in parts
        for piece in (pieces(content) if part == "code" else [content])
    ]
    for place, (part, content) in enumerate(parts):
        need, last = lines(part, content), found[-1][-1][0] if found else ""
        room_for = need
        if parts[place + 1 :] and (part == "given" or parts[place + 1][0] == "folded"):
            room_for += lines(*parts[place + 1])  # it follows on the same slide
        after = last in ("predict", "folded", "answer") and part not in ("predict", "folded")
        # an answer belongs to the results above it, also where it must go to a slide of its own
        fresh = not found or part == "claim" or after or room_for > room or last == part == "figure"
        if fresh and not (part == "folded" and found):
            title = [("where", where)] if part != "claim" and where else []
            found.append(title)
            room = LINES
        if part == "claim":
            where = content[0].lstrip("# ")
            need += 1
        found[-1].append((part, content))
        room -= need
    return found


def page(notebook):
    """Return the slides of a notebook as HTML: one file, with all pictures in it."""
    parts = marked(notebook)
    if not parts:
        raise ValueError(
            'no cell is marked for a slide: write {"slide": "claim"} into its metadata'
        )
    shown = ["\n".join(rendered(*part) for part in slide) for slide in slides(parts)]
    script, style = reveal()
    reader = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"))
    title = notebook.cells[0].source.splitlines()[0].lstrip("# ")
    return reader.get_template("slides.html.j2").render(
        title=title, slides=shown, reveal_js=script, reveal_css=style
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=SLIDES)
    options = parser.parse_args()
    for path in options.notebooks:
        place = options.out / path.name[:2] / "index.html"
        try:
            text = page(nbformat.read(path, as_version=4))
            write_file(place, text.encode(), "Name another --out, or make room.")
        except (ValueError, Unavailable, DataError) as error:
            sys.exit(f"slides: {path.name}: {error}")
        print(place)


if __name__ == "__main__":
    main()
