"""Turn a chapter into what its web page needs, before Sphinx reads it; the file stays as it is."""

import base64
import re

from tools.links import LAUNCH

FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#{2,4}) (.+)$", re.MULTILINE)
PREDICTION = "> **Predict.**"
STUB = " not attempted yet"
VERDICT = """\
:::{{container}} verdict
To try it, {links}: there the cell says whether your answer is right, or names the likely mistake.
:::
"""


def slug(title):
    """Return a heading's anchor as JupyterLab makes it, so that the notebooks' links hold."""
    return title.replace(" ", "-")


def text_of(cell, part="source"):
    return "".join(cell.get(part, ""))


def title_of(notebook):
    return text_of(notebook["cells"][0]).splitlines()[0].removeprefix("# ")


def question_of(notebook):
    return re.search(r"\*\*The question\.\*\* (.+)", text_of(notebook["cells"][0]))[1]


def headings(text):
    """Return [(position after the line, title without backticks)] of the headings in Markdown."""
    blank = FENCED.sub(lambda match: " " * len(match[0]), text)
    return [(match.end(), match[2].replace("`", "")) for match in HEADING.finditer(blank)]


def images(notebook):
    """Return the outputs' pictures in order, as (kind, data, alternative text)."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    return [
        (kind, data, output.get("metadata", {}).get(kind, {}).get("alt", ""))
        for output in outputs
        for kind, data in output.get("data", {}).items()
        if kind.startswith("image/")
    ]


def page(notebook, name, terms=None):
    """Change a notebook, a dict, into the page `name`; `terms` are {heading: words to find it}."""
    cells = notebook["cells"]
    language = notebook["metadata"].setdefault("language_info", {})
    language["pygments_lexer"] = "ipython3"  # it knows lines that begin with !
    launch = LAUNCH.search(text_of(cells[0]))
    _mark_predictions(cells)
    for cell in cells:
        if cell["cell_type"] == "markdown":
            cell["source"] = _with_terms(text_of(cell), terms or {})
        else:
            _fold_setup(cell)
            _name_animations(cell)
    if launch:
        cells[0]["source"] = _with_download(text_of(cells[0]), name)
        notebook["cells"] = _with_verdicts(cells, launch[0])
    return notebook


def _mark_predictions(cells):
    """Tag the cells whose outputs answer a prediction: up to the next prose."""
    asked = 0
    for cell in cells:
        if cell["cell_type"] == "markdown":
            _, found, quote = text_of(cell).rpartition(PREDICTION)
            asked = int(bool(found) and "<details>" not in quote)
        elif asked and cell.get("outputs"):
            tags = cell["metadata"].setdefault("tags", [])
            tags += ["predicted"] if asked == 1 else ["predicted", "more"]
            asked += 1


def _fold_setup(cell):
    if cell["metadata"].get("jupyter", {}).get("source_hidden"):
        cell["metadata"].setdefault("tags", []).append("hide-input")


def _name_animations(cell):
    """Give GIFs their name: the notebooks store them as image/png, which all viewers show."""
    for output in cell.get("outputs", []):
        data, metadata = output.get("data", {}), output.get("metadata", {})
        if base64.b64decode(text_of(data, "image/png")[:8]).startswith(b"GIF"):
            data["image/gif"] = data.pop("image/png")
            metadata["image/gif"] = metadata.pop("image/png", {})


def _with_download(text, name):
    download = f"{{download}}`Download the notebook <{name}.ipynb>`"
    return LAUNCH.sub(
        lambda match: f":::{{container}} launch\n{match[0]} · {download}\n:::", text, count=1
    )


def _with_verdicts(cells, launch):
    """Put below each exercise what a page without a kernel can say about its check."""
    links = launch.replace("[Open in Colab]", "open the chapter [on Colab]")
    links = links.replace(" · [Launch on Binder]", " or [on Binder]")
    links += " or [on your computer](../README.md#Two-commands)"
    result = []
    for cell in cells:
        result.append(cell)
        printed = "".join(text_of(output, "text") for output in cell.get("outputs", []))
        if STUB in printed and 'check("' in text_of(cell):
            note = VERDICT.format(links=links)
            made = {"cell_type": "markdown", "id": f"verdict-{len(result)}", "metadata": {}}
            result.append(made | {"source": note})
    return result


def _with_terms(text, terms):
    """Put what the search is to find a section by below the section's heading."""
    for end, title in reversed(headings(text)):
        if title in terms:
            entries = ", ".join(f"! {term}" for term in terms[title])
            text = f"{text[:end]}\n\n```{{index}} {entries}\n```\n{text[end:]}"
    return text
