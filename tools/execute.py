"""Execute notebooks in place from a blank kernel, changing only what has really changed.

    python -m tools.execute notebooks/01_tensors.ipynb ...

A cell tagged nbval-ignore-output (it shows times) keeps its stored output until its source
changes, which is noted in its metadata as `executed`; one whose numbers may be off by a stated
distance ("about") keeps it while the new numbers lie within. --fresh renews both. What is
committed shows the real images, so the drawn stand-in is refused unless --stand-in is given.
"""

import argparse
import hashlib
import os
import re
import sys
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError
from nbconvert.preprocessors import ExecutePreprocessor

from tools.about import output_difference

ROOT = Path(__file__).resolve().parents[1]
WIDGET = "application/vnd.jupyter.widget-view+json"
LIBRARY = re.compile(r"^(?:\x1b\[[\d;]*m)*File ")
# what a cell's metadata may hold beside its tags
KEPT = ("about", "seen", "slide", "jupyter", "cellView")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    # without the extension, nbconvert --to script writes .txt
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def execute(notebook, folder):
    executor = ExecutePreprocessor(
        timeout=600, kernel_name="python3", record_timing=False, store_widget_state=False,
        coalesce_streams=True,
    )  # fmt: skip
    os.environ.pop("MPLBACKEND", None)  # with `agg` in it no figure would be stored
    executor.preprocess(notebook, {"metadata": {"path": str(folder)}})


def ignored(cell):
    return "nbval-ignore-output" in cell.metadata.get("tags", [])


def source_sum(cell):
    return hashlib.sha256(cell.source.encode()).hexdigest()[:8]


def progress_bar(output):
    """A widget without a picture in its place; what is left of it as text says 0 %."""
    data = output.get("data", {})
    return WIDGET in data and "image/png" not in data


def tidy(notebook):
    """Keep what means something anywhere: tags, and of tracebacks the frames in the notebook."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat_minor = 5
    for cell in notebook.cells:
        tags, metadata = cell.metadata.get("tags"), cell.metadata
        kept = {key: metadata[key] for key in KEPT if key in metadata}
        cell.metadata = nbformat.from_dict(kept | ({"tags": sorted(tags)} if tags else {}))
        if ignored(cell) or "about" in cell.metadata:
            cell.metadata["executed"] = source_sum(cell)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not progress_bar(output)]
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
            if "traceback" in output:
                output.traceback = [
                    frame for frame in output.traceback if not LIBRARY.search(frame)
                ]


def keep_stored_outputs(notebook, earlier):
    """Keep what is never compared, and what the new output differs from by rounding alone."""
    stored = {cell.id: cell for cell in code_cells(earlier)}
    for cell in code_cells(notebook):
        before = stored.get(cell.id)
        if not before or before.metadata.get("executed") != source_sum(cell):
            continue
        about = cell.metadata.get("about")
        if ignored(cell) or (
            about is not None and not output_difference(before.outputs, cell.outputs, about)
        ):
            cell.outputs = before.outputs


def renew(path, fresh):
    earlier = nbformat.read(path, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    try:
        execute(notebook, path.parent)
    except CellExecutionError as error:
        sys.exit(f"{path.name} is left as it was, since a cell fails:\n{error}")
    tidy(notebook)
    if not fresh:
        keep_stored_outputs(notebook, earlier)
    print(f"{path.name}: {'written' if save(notebook, path) else 'unchanged'}", flush=True)


def save(notebook, path):
    """Write the notebook, whole or not at all, and return whether anything changed."""
    text = nbformat.writes(notebook) + "\n"
    if text == path.read_text(encoding="utf-8"):
        return False
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8", newline="\n")
    os.replace(part, path)
    return True


def require_real_images():
    from utils.datasets import fashion_mnist

    if fashion_mnist().source != "published":
        sys.exit("Committed outputs show the real Fashion-MNIST: name its folder in COURSE_DATA.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--fresh", action="store_true", help="renew the outputs that are kept, too")
    parser.add_argument("--stand-in", action="store_true", help="accept the drawn images")
    options = parser.parse_args()
    if not options.stand_in:
        require_real_images()
    for path in options.notebooks or sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        renew(path.resolve(), options.fresh)


if __name__ == "__main__":
    main()
