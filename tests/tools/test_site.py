"""The site: what its pages are made from, and that a build of a small course holds all of it."""

import base64
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from tests.chapters import CHAPTERS, ROOT
from tools import links, site, site_errors, site_notebook, site_source, site_terms

BOOKS = {name: json.loads(nbformat.writes(book)) for name, book in CHAPTERS.items()}
LAUNCH = links.launch("tensors-to-gpus/course", "main", "01_book")


def picture(frames=1):
    """Return a picture of 4 × 3 pixels in base64, as notebooks store it; a GIF if it moves."""
    images = [Image.new("L", (4, 3), 90 * place) for place in range(frames)]
    file = io.BytesIO()
    kind = "GIF" if frames > 1 else "PNG"
    images[0].save(
        file, kind, **({"save_all": True, "append_images": images[1:]} if frames > 1 else {})
    )
    return base64.b64encode(file.getvalue()).decode()


def shown(data, alt="A dot."):
    return new_output(
        "display_data", {"image/png": data}, metadata={"image/png": {"alt": alt, "width": 4}}
    )


def printed(text):
    return new_output("stream", name="stdout", text=text)


def book(*cells):
    made = new_notebook(cells=list(cells))
    made.metadata["language_info"] = {"name": "python"}
    return json.loads(nbformat.writes(made))


def tags(notebook):
    return [cell["metadata"].get("tags", []) for cell in notebook["cells"]
            if cell["cell_type"] == "code"]  # fmt: skip


def predicted(prose, *outputs):
    cells = [new_code_cell("1", outputs=[printed(words)] if words else []) for words in outputs]
    return tags(site_notebook.page(book(new_markdown_cell(prose), *cells), "01_book"))


def test_what_a_prediction_asks_for_is_folded():
    assert predicted("> **Predict.** 1 + 1?", "2") == [["predicted"]]
    assert predicted("> **Predict.** 1 + 1?", "", "2", "3") == [
        [],
        ["predicted"],
        ["predicted", "more"],
    ]
    assert predicted("It is 2.", "2") == [[]]
    answered = (
        "> **Predict.** 1 + 1?\n>\n> <details><summary>Answer</summary>\n>\n> 2\n> </details>"
    )
    assert predicted(answered, "2") == [[]]


def test_a_prediction_ends_with_the_next_prose():
    cells = [new_markdown_cell("> **Predict.** a?"), new_code_cell("1", outputs=[printed("a")])]
    cells += [new_markdown_cell("Yes."), new_code_cell("2", outputs=[printed("b")])]
    assert tags(site_notebook.page(book(*cells), "01_book")) == [["predicted"], []]


def test_an_exercise_says_how_to_try_it():
    head = new_markdown_cell(f"# 01 · Book\n\n{LAUNCH}\n\nText.")
    stub = new_code_cell(
        'answer = ...\n\ncheck("1.1", answer)', outputs=[printed("1.1 not attempted yet\n")]
    )
    page = site_notebook.page(book(head, stub, new_code_cell("1")), "01_book")
    kinds = [cell["cell_type"] for cell in page["cells"]]
    assert kinds == ["markdown", "code", "markdown", "code"]
    note = page["cells"][2]["source"]
    assert LAUNCH.split("](")[1].split(")")[0] in note  # the address of Colab
    assert "Download the notebook <01_book.ipynb>" in page["cells"][0]["source"]


def test_an_animation_gets_its_kind_and_keeps_its_text():
    cells = [
        new_code_cell("1", outputs=[shown(picture(3), "It moves."), shown(picture(), "Still.")])
    ]
    page = site_notebook.page(book(*cells), "01_book")
    found = [(kind, text) for kind, _, text in site_notebook.images(page)]
    assert found == [("image/gif", "It moves."), ("image/png", "Still.")]


def test_headings_in_code_are_none():
    text = "## One `two`\n\n```python\n## no\n```\n\n### Three"
    assert [title for _, title in site_notebook.headings(text)] == ["One two", "Three"]


def test_every_message_on_the_errors_page_stands_in_an_output():
    text = site_errors.page(BOOKS)
    messages = re.findall(r"^```text\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
    outputs = [output for name in CHAPTERS for cell in CHAPTERS[name].cells
               for output in cell.get("outputs", [])]  # fmt: skip
    stored = [f"{out.ename}: {out.evalue}" for out in outputs if out.output_type == "error"]
    spoken = "\n".join(out.text for out in outputs if out.output_type == "stream")
    assert len(messages) > 20
    assert [text for text in messages if text not in stored and text not in spoken] == []
    assert [text for text in stored if text not in messages] == []


def test_errors_lead_to_their_section():
    cells = [new_markdown_cell("# T\n\n## Before"), new_markdown_cell("## Dividing\n\nBy zero.")]
    fails = new_output("error", ename="ZeroDivisionError", evalue="division by zero", traceback=[])
    cells.append(new_code_cell("1 / 0", outputs=[fails, printed("caught ValueError: no\n")]))
    assert site_errors.found(book(*cells)["cells"]) == [
        ("ZeroDivisionError", "division by zero", "Dividing"),
        ("ValueError", "no", "Dividing"),
    ]


SMALL = {
    "01_one": book(
        new_markdown_cell(
            "# 01\n\n## The window\n\n`F.conv2d` slides a **kernel** over it. `conv2d` adds."
        ),
        new_code_cell("F.conv2d(x, w)"),
        new_markdown_cell("## Your turn\n\n`F.relu`, and **another term**"),
        new_code_cell("F.relu(x)"),
    ),
    "02_two": book(
        new_markdown_cell(
            "# 02\n\n## Clearing: `zero_grad`\n\nCall `optimizer.zero_grad()`, then `conv2d`."
        ),
        new_code_cell("optimizer.zero_grad()\nsecret(1)"),
    ),
}


def test_functions_and_terms_lead_to_the_section_that_says_most():
    functions, terms = site_terms.both(SMALL)
    assert functions == {
        "conv2d": [("01_one", "The window"), ("02_two", "Clearing: zero_grad")],
        "zero_grad": [("02_two", "Clearing: zero_grad")],
    }
    assert terms == {"kernel": [("01_one", "The window")]}


def test_the_glossary_decides(tmp_path):
    (tmp_path / "teaching").mkdir()
    (tmp_path / "teaching" / "terms.toml").write_text(
        '[[chapter]]\nnumber = "02"\nterms = ['
        '["kernel (small)", "卷积核", "A grid.", "Clearing: `zero_grad`"], '
        '["lost", "", "", "No such section"]]\n', encoding="utf-8")  # fmt: skip
    words = site_terms.glossary(tmp_path, SMALL)
    assert words == [("kernel (small)", "卷积核", "A grid.", "02_two", "Clearing: zero_grad")]
    assert "卷积核<br>A grid. | [02 · Clearing" in site_terms.page(SMALL, words)
    assert "kernel" in site_terms.to_search(SMALL, words)["01_one"]["The window"]


def test_what_the_chapters_speak_of_can_be_found():
    found = site_terms.to_search(BOOKS)
    places = {
        word: chapter
        for chapter, parts in found.items()
        for words in parts.values()
        for word in words
    }
    assert places["conv2d"].startswith("03") and places["zero_grad"].startswith(("06", "07"))
    assert places["overfitting"].startswith("07") and places["softmax"].startswith("05")


def test_what_readme_and_front_page_share_stands_once():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    front = (ROOT / "site" / "index.md").read_text(encoding="utf-8")
    parts = [site_source.part(readme, name) for name in ("about", "commands")]
    shared = [line for part in parts for line in part.splitlines()
              if len(line) > 20]  # fmt: skip
    assert len(shared) > 8
    assert not [line for line in shared if line in front]
    guide = site_source.guide(readme)
    assert "## Two commands" in guide and "## Syllabus" not in guide
    assert "| [01 Tensors]" not in guide and "Read it in your browser" not in guide
    with pytest.raises(SystemExit, match=r"README\.md has no part between <!-- about -->"):
        site_source.part("# Nothing", "about")


def test_links_to_what_is_not_on_the_site_lead_to_the_repository(tmp_path):
    (tmp_path / "README.md").touch()
    repo, branch = links.written_home(ROOT)
    text = "[a](README.md#x) [b](LICENSE) [c](tools) [d](https://a.org) [e](none.md)"
    page = tmp_path / "page.md"
    assert site_source.outward(text, page.relative_to(tmp_path), tmp_path, ROOT) == (
        f"[a](README.md#x) [b]({repo}/blob/{branch}/LICENSE) [c]({repo}/tree/{branch}/tools) "
        "[d](https://a.org) [e](none.md)"
    )


class Page(HTMLParser):
    """The tags of a page, as (name, attributes)."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.text = [], path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def small_course(root, text="Text."):
    """A course of one chapter with everything in it that the site treats in a way of its own."""
    for part in ("site", "utils", "data", "LICENSE", "LICENSE-TEXT.md", "CONTRIBUTING.md"):
        (root / part).symlink_to(ROOT / part)
    for part in ("README.md", "pyproject.toml"):
        (root / part).write_text((ROOT / part).read_text(encoding="utf-8"), encoding="utf-8")
    (root / "teaching").mkdir()
    (root / "teaching" / "guide.md").write_text(
        "# A guide\n\nSee [the book](../notebooks/01_book.ipynb#Core).\n"
    )
    (root / "notebooks").mkdir()
    head = f"# 01 · Book\n\n{LAUNCH}\n\n> **The question.** What is $x^2$?\n\n{text}\n\n## Core"
    cells = [
        new_markdown_cell(head),
        new_markdown_cell("> **Predict.** What moves?"),
        new_code_cell(
            "show()", outputs=[shown(picture(3), 'It "moves" & 靴'), shown(picture(), "Still.")]
        ),
        new_markdown_cell("A dot moves.\n\nMore.\n\n## Further: more of it\n\nSkip it."),
        new_markdown_cell(
            "<details><summary>Solution</summary>\n\n```python\nanswer = 42\n```\n</details>\n\n"
            "After."
        ),
    ]
    path = root / "notebooks" / "01_book.ipynb"
    path.write_text(json.dumps(book(*cells)), encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in re.findall(r"\(teaching/(\w+\.md)", readme):
        if not (root / "teaching" / name).exists():
            (root / "teaching" / name).write_text(f"# {name}\n")
    for name in re.findall(r"\d\d_\w+(?=\.ipynb)", readme):
        if not (root / "notebooks" / f"{name}.ipynb").exists():
            other = book(new_markdown_cell(f"# {name}\n\n> **The question.** None?"))
            (root / "notebooks" / f"{name}.ipynb").write_text(json.dumps(other), encoding="utf-8")
    return root


def build(root, out):
    code = (
        "import sys, pathlib; from tools import site; site.build(*map(pathlib.Path, sys.argv[1:]))"
    )
    return subprocess.run(
        [sys.executable, "-c", code, str(out), str(root)], cwd=ROOT, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    done = build(small_course(folder), folder / "build" / "site")
    assert done.returncode == 0, done.stderr
    return folder / "build" / "site"


@pytest.fixture(scope="module")
def chapter(built):
    return Page(built / "notebooks" / "01_book.html")


def test_pictures_keep_texts_and_animations_can_be_paused(chapter):
    images = [image for image in chapter.all("img") if "_images" in image["src"]]
    assert [(image.get("class"), image["alt"]) for image in images] == [
        ("moving", 'It "moves" & 靴'),
        ("still", 'It "moves" & 靴'),
        (None, "Still."),
    ]
    assert all((image["width"], image["height"]) == ("4", "3") for image in images)
    assert [image.get("loading") for image in images] == [None, None, "lazy"]
    assert {"type": "checkbox"} in chapter.all("input")
    assert "image-reference" not in chapter.text  # a button inside a link


def test_an_animation_stands_still_in_its_middle(built, chapter):
    [still] = [image for image in chapter.all("img") if image.get("class") == "still"]
    with Image.open(built / "notebooks" / still["src"]) as middle:
        assert middle.convert("L").getpixel((0, 0)) == 90  # the second of three frames


def test_answers_and_solutions_are_folded(chapter):
    article = chapter.text[chapter.text.index("<article") :]
    answer, solution = re.findall(r"<details>(.*?)</details>", article, re.DOTALL)
    assert "<img" in answer and "A dot moves." in answer and "More." not in answer
    assert "answer" in solution and "After." not in solution


def test_core_and_further_are_told_apart(chapter):
    classes = {section.get("id"): section.get("class") for section in chapter.all("section")}
    assert classes["core"] is None and classes["further-more-of-it"] == "further"


def test_formulas_need_no_script(chapter):
    assert "<msup>" in chapter.text
    assert not [tag for tag in chapter.all("script") if "math" in tag.get("src", "").lower()]


def test_no_page_asks_another_machine(built):
    for path in built.rglob("*.html"):
        page = Page(path)
        asked = [
            tag["src"]
            for name in ("img", "script", "iframe")
            for tag in page.all(name)
            if "src" in tag
        ]
        asked += [
            link["href"] for link in page.all("link") if link["rel"] in ("stylesheet", "preload")
        ]
        assert asked and not [address for address in asked if re.match(r"(https?:)?//", address)]
    sheets = " ".join(path.read_text(encoding="utf-8") for path in built.rglob("*.css"))
    assert not re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//", sheets)


def test_every_link_inside_leads_somewhere(built):
    for path in built.rglob("*.html"):
        for link in Page(path).all("a"):
            file, _, part = link.get("href", "").partition("#")
            if re.match(r"(https?|mailto):", file):
                continue
            target = (path.parent / file) if file else path
            assert target.exists(), f"{path.name}: {file}"
            if part and target.suffix == ".html":
                assert f'id="{part}"' in target.read_text(encoding="utf-8"), f"{path.name}: #{part}"


def test_pages_of_teachers_appear_by_themselves(built):
    assert "../notebooks/01_book.html#core" in [
        link["href"] for link in Page(built / "teaching" / "guide.html").all("a")
    ]
    assert "teaching/guide.html" in [
        link.get("href") for link in Page(built / "index.html").all("a")
    ]


def test_search_engines_are_told(built, chapter):
    told = {
        tag.get("name") or tag.get("property"): tag["content"]
        for tag in chapter.all("meta")
        if "content" in tag
    }
    assert told["description"] == "What is $x^2$?"
    assert "01 · Book" in told["og:title"]
    base = links.site(links.checked(*links.written_home(ROOT))[0])
    assert told["og:url"] == f"{base}notebooks/01_book.html"
    assert (built / told["og:image"].removeprefix(base)).exists()
    listed = re.findall(r"<loc>(.*?)</loc>", (built / "sitemap.xml").read_text(encoding="utf-8"))
    assert {f"{base}index.html", told["og:url"], f"{base}teaching/guide.html"} <= set(listed)


def test_a_link_that_leads_nowhere_ends_the_build_and_the_old_site_stays(tmp_path):
    root, out = (
        small_course(tmp_path, "See [it](02_data.ipynb#Nothing)."),
        tmp_path / "build" / "site",
    )
    out.mkdir(parents=True)
    (out / "index.html").write_text("the old one")
    done = build(root, out)
    assert done.returncode == 1
    assert "Nothing" in done.stderr and "site: not built" in done.stderr
    assert (out / "index.html").read_text() == "the old one"


def test_the_size_is_said(tmp_path):
    (tmp_path / "index.html").write_text("x" * 200_000)
    assert site.summary(tmp_path, 3.2).startswith("1 pages, 0.2 MB, 3 s, no warnings: ")
