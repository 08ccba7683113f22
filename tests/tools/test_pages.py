"""Pages made by nbconvert keep what a screen reader needs, and lead to one another."""

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.chapters import PATHS
from tools.pages import page

DOT = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
       "rkJggg==")  # fmt: skip


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.images, self.links = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.images.append(dict(attributes))
        if tag == "a":
            self.links.append(dict(attributes).get("href"))


def figure(kind, text):
    metadata = {kind: {"alt": text}} if text is not None else {}
    return new_output("display_data", data={kind: DOT}, metadata=metadata)


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg"])
@pytest.mark.parametrize("text", ["A boot", 'a < b, "quoted" & 靴', "", None])
def test_alternative_texts_survive(kind, text, tmp_path):
    path = tmp_path / "01_book.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("x", outputs=[figure(kind, text)])]), path)
    [image] = Tags(page(path)).images
    assert image["alt"] == (text or "")
    assert image["src"] == f"data:{kind};base64,{DOT}"


def test_what_is_folded_stays_folded(tmp_path):
    path = tmp_path / "01_book.ipynb"
    text = (
        "<details><summary>Solution</summary>\n\n```python\nanswer = 42\n```\n</details>\n\nAfter."
    )
    nbformat.write(new_notebook(cells=[new_markdown_cell(text)]), path)
    folded = re.search(r"<details>(.*?)</details>", page(path), re.DOTALL)[1]
    assert "answer" in folded
    assert "After." not in folded


def test_a_picture_of_the_text_is_in_the_page(tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "dot.png").write_bytes(base64.b64decode(DOT))
    path = tmp_path / "01_book.ipynb"
    cell = new_markdown_cell("![A dot.](pictures/dot.png)")
    nbformat.write(new_notebook(cells=[cell]), path)
    [image] = Tags(page(path)).images
    assert image == {"alt": "A dot.", "src": f"data:image/png;base64,{DOT}"}


def test_links_lead_to_pages(tmp_path):
    path = tmp_path / "01_book.ipynb"
    text = "[data](02_data.ipynb#Batches), [home](https://a.org/02_data.ipynb)"
    nbformat.write(new_notebook(cells=[new_markdown_cell(text)]), path)
    links = Tags(page(path)).links
    assert "02_data.html#Batches" in links
    assert "https://a.org/02_data.ipynb" in links


@pytest.mark.parametrize("path", PATHS, ids=lambda path: Path(path).stem)
def test_every_image_of_a_chapter_has_its_text(path):
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    stored = [output["metadata"]["image/png"]["alt"] for output in outputs
              if "image/png" in output.get("data", {})]  # fmt: skip
    images = Tags(page(path)).images
    assert all(image.get("alt") for image in images)
    found = [image["alt"] for image in images]
    assert [text for text in found if text in stored] == stored
