"""Write chapters as web pages that need no kernel, their figures' alternative texts included.

    python -m tools.pages notebooks/01_tensors.ipynb

nbconvert's own template leaves those texts out. Pages lie in build/pages, and link to one another.
"""

import argparse
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
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\((\d\d_\w+)\.ipynb", r"(\1.html", cell.source)
    exporter = HTMLExporter(
        template_name="course", extra_template_basedirs=[str(TEMPLATES)], embed_images=True
    )
    names = {"metadata": {"name": path.stem, "path": str(path.parent)}}
    return exporter.from_notebook_node(notebook, names)[0]


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
