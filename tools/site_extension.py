"""What the course's pages need besides Sphinx and myst-nb; `site/conf.py` names this extension."""

import json
import re
from pathlib import Path

from docutils import nodes
from docutils.utils.math import latex2mathml

from tools import site_head, site_icons, site_images, site_notebook, site_terms

ANSWER, MORE = "Show the answer", "Show what else it shows"


def setup(app):
    app.add_html_math_renderer("mathml", (write_math, None), (write_math, None))
    app.connect("builder-inited", gather_terms)
    app.connect("source-read", make_page)
    app.connect("doctree-read", finish_page)
    app.connect("autodoc-process-docstring", escape)
    app.connect("html-page-context", site_images.finish)
    app.connect("html-page-context", site_head.describe)
    app.connect("build-finished", site_head.write_sitemap)
    app.connect("build-finished", site_icons.slim)
    return {"parallel_read_safe": False, "parallel_write_safe": False}


def write_math(translator, node):
    block = isinstance(node, nodes.math_block)
    tree = latex2mathml.tex2mathml(node.astext(), as_block=block)
    translator.body.append(f'<div class="math">{tree}</div>' if block else tree)
    raise nodes.SkipNode


def escape(app, what, name, obj, options, lines):
    """Keep the marks of docstrings, which are plain text: *args is not the start of italics."""
    lines[:] = [re.sub(r"(`[^`]*`)|([*_])", lambda m: m[1] or f"\\{m[2]}", line) for line in lines]


def gather_terms(app):
    books = sorted(Path(app.srcdir, "notebooks").glob("[0-9]*.ipynb"))
    app.course_books = {
        f"notebooks/{path.stem}": json.loads(path.read_text(encoding="utf-8")) for path in books
    }
    named = {name.rpartition("/")[2]: book for name, book in app.course_books.items()}
    app.course_terms = site_terms.to_search(named, site_terms.glossary(Path(app.srcdir), named))


def make_page(app, docname, source):
    if docname in app.course_books:
        name = docname.rpartition("/")[2]
        terms = app.course_terms.get(name, {})
        book = site_notebook.page(json.loads(source[0]), name, terms)
        source[0] = json.dumps(book)


def finish_page(app, doctree):
    """Give pictures their texts, fold the answers to predictions, mark what may be skipped."""
    book = app.course_books.get(app.env.docname)
    if not book:
        return
    outputs = [node for node in doctree.findall(nodes.container)
               if "cell_output" in node["classes"]]  # fmt: skip
    pictures = [image for output in outputs for image in output.findall(nodes.image)]
    texts = [text for _, _, text in site_notebook.images(book)]
    for image, text in zip(pictures, texts, strict=True):
        image["alt"] = text
    for cell in list(doctree.findall(nodes.container)):
        if "tag_predicted" in cell["classes"]:
            fold_answer(cell, MORE if "tag_more" in cell["classes"] else ANSWER)
    for section in doctree.findall(nodes.section):
        if section[0].astext().startswith("Further: "):
            section["classes"].append("further")
    app.env.metadata[app.env.docname]["description"] = plain(book)


def fold_answer(cell, words):
    """Fold a cell's output, and the paragraph below it that says what it shows."""
    [output] = [node for node in cell if "cell_output" in node.get("classes", [])]
    cell.remove(output)
    place = cell.parent.index(cell) + 1
    folded = nodes.container(classes=["answer"])
    below = cell.parent[place : place + 1]
    shown = nodes.container("", output, classes=["cell"])
    folded += [raw(f"<details><summary>{words}</summary>"), shown]
    if below and isinstance(below[0], nodes.paragraph):
        cell.parent.remove(below[0])
        folded += below
    folded += raw("</details>")
    cell.parent.insert(place, folded)


def raw(html):
    return nodes.raw("", html, format="html")


def plain(book):
    """Return a chapter's question, as a search engine shows it below the title."""
    question = site_notebook.question_of(book)
    return re.sub(r"[*`]|\[|\]\([^)]*\)", "", question)
