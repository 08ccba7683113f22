"""Write chapters as web pages that need no kernel, their figures' alternative texts included.

    python -m tools.pages notebooks/01_tensors.ipynb

nbconvert's own template leaves those texts out. Pages lie in build/pages, and link to one another.
"""

import argparse
import base64
import mimetypes
import re
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter

from utils.datasets.fetch import write_file

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "build" / "pages"
TEMPLATES = Path(__file__).parent / "templates"


def page(path):
    """Return the notebook at `path` as HTML: one file, with all pictures in it."""
    notebook = nbformat.read(path, as_version=4)

    def embedded(match):
        return f"]({_as_address(path.parent / match[1])})"

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\((\d\d_\w+)\.ipynb", r"(\1.html", cell.source)
            cell.source = re.sub(r"\]\((pictures/[^)]+)\)", embedded, cell.source)
    # its embed_images would close each <details> before what it folds
    exporter = HTMLExporter(template_name="course", extra_template_basedirs=[str(TEMPLATES)])
    return exporter.from_notebook_node(notebook, {"metadata": {"name": path.stem}})[0]


def _as_address(picture):
    kind = mimetypes.guess_type(picture.name)[0]
    return f"data:{kind};base64,{base64.b64encode(picture.read_bytes()).decode()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=PAGES)
    options = parser.parse_args()
    for path in options.notebooks:
        place = options.out / f"{path.stem}.html"
        write_file(place, page(path).encode(), "Name another --out.")
        print(place)


if __name__ == "__main__":
    main()
