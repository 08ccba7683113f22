"""The page "errors everyone meets": each message that the notebooks show, from their outputs."""

import re

from tools.site_notebook import headings, slug, text_of

PRINTED = re.compile(r"\b([A-Z]\w*Error): (.+)")  # caught by the cell, which prints it
HEAD = """\
# Errors everyone meets

Every message here stands in the output of a cell that fails on purpose. Search this page for a
part of yours; numbers and names will differ. The link leads to the section that explains it.
"""


def found(cells):
    """Return [(kind, message, section's title)] of the errors in a chapter's outputs, in order."""
    section, errors = "", []
    for cell in cells:
        if cell["cell_type"] == "markdown":
            section = ([section] + [title for _, title in headings(text_of(cell))])[-1]
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                errors.append((output["ename"], output["evalue"], section))
            for kind, message in PRINTED.findall(text_of(output, "text")):
                errors.append((kind, message, section))
    return errors


def page(chapters):
    """Return the page as Markdown: by kind of error, each with its link to chapter and section."""
    kinds = {}
    for name, notebook in chapters.items():
        for kind, message, section in found(notebook["cells"]):
            kinds.setdefault(kind, {}).setdefault(message, []).append((name, section))
    text = HEAD
    for kind in sorted(kinds, key=str.lower):
        text += f"\n## {kind}\n"
        for message, places in kinds[kind].items():
            links = [
                f"[{name[:2]} · {section}](<notebooks/{name}.ipynb#{slug(section)}>)"
                for name, section in dict.fromkeys(places)
            ]
            text += f"\n:::{{container}} message\n```text\n{kind}: {message}\n```\n:::\n"
            text += f"\nExplained in {', '.join(links)}.\n"
    return text + (
        "\nMessages of the installation are in "
        "[When something goes wrong](README.md#When-something-goes-wrong).\n"
    )
