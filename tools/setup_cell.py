"""What the setup cell of every notebook begins with, and how it is folded; `links` writes it."""

import re

GITHUB = "https://github.com/"
TITLE = "# @title Setup: run this cell first\n"
FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form"}  # in JupyterLab, on Colab
HIDES = "hides the course's utils: rename it, restart the kernel, run again"
COLAB = r"from importlib\.util import find_spec\n\nif [^\n]*google\.colab[^\n]*\n(?: +\S[^\n]*\n)+"
OWN = r"import utils\n\nif [^\n]*COURSE[^\n]*\n(?: +\S[^\n]*\n)+"
BEGINNING = re.compile(rf"\A(?:{re.escape(TITLE)})?{COLAB}(?:\n{OWN})?")


def beginning(slug, branch):
    """Return the lines, up to the chapter's own imports."""
    folder = slug.split("/")[1]
    return f"""\
{TITLE}from importlib.util import find_spec

if find_spec("google") and find_spec("google.colab"):
    ![ -d {folder} ] || git clone -q --depth 1 -b {branch} {GITHUB}{slug}
    !python {folder}/tools/colab.py
    assert find_spec("utils"), "Go online, or mend what is named above; then run this cell again"

import utils

if not hasattr(utils, "COURSE"):
    where = utils.__file__ or utils.__path__[0]
    raise ImportError(f"{{where}} {HIDES}")
"""


def written(cell, slug, branch):
    """Begin the cell so, and fold it; return False if it did not begin with a setup before."""
    if not BEGINNING.match(cell.source):
        return False
    cell.source = BEGINNING.sub(lambda _: beginning(slug, branch), cell.source)
    cell.metadata.update(FOLDED)
    return True
