"""The slides show what is marked in the notebooks, all of it, and nothing else."""

import html
import re
from html.parser import HTMLParser

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.chapters import CHAPTERS, CHECK
from tools import slides
from tools.execute import tidy
from tools.slides import LINES, lines, marked, page, rendered
from tools.slides_parts import short

MARKED = [name for name, notebook in CHAPTERS.items()
          if any("slide" in cell.metadata for cell in notebook.cells)]  # fmt: skip


WHERE = re.compile(r'<div class="where">.*?</div>', re.DOTALL)


class Text(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.words, self.alts, self.addresses = "", [], []
        self.feed(re.sub(r"<(script|style)>.*?</\1>", "", text, flags=re.DOTALL))

    def handle_data(self, data):
        self.words += data

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "img":
            self.alts.append(found["alt"])
        self.addresses += [found[name] for name in ("src", "href") if name in found]


def plain(text):
    """Return the letters and digits of Markdown or of a page, without spaces and marks."""
    return re.sub(r"[^\w=+-]", "", re.sub(r"\]\([^)]*\)", "]", html.unescape(text)))


@pytest.fixture(autouse=True)
def no_npm(monkeypatch):
    monkeypatch.setattr(slides, "reveal", lambda: ("", ""))


def test_all_chapters_are_marked():
    assert [*CHAPTERS] == MARKED


@pytest.mark.parametrize("name", MARKED)
def test_no_marked_text_is_missing(name):
    cells, shown = CHAPTERS[name].cells, Text(page(CHAPTERS[name]))
    words, alts = plain(shown.words), []
    in_pieces = plain(Text(WHERE.sub("", page(CHAPTERS[name]))).words)  # code goes on below it
    for number, cell in enumerate(cells):
        marks = cell.metadata.get("slide", "").split()
        if "claim" in marks:
            heading = re.search(r"^#+ (.+)$", cell.source, re.MULTILINE)[1]
            assert plain(heading) in words, f"cell {number}"
        if "predict" in marks:
            asked = re.search(r"\*\*(Predict|The question)\.\*\*([^\n]+)", cell.source)[2]
            assert plain(asked) in words, f"cell {number}"
        if "answer" in marks:
            assert plain(cell.source.partition("\n\n")[0])[:25] in words, f"cell {number}"
        if "code" in marks:
            assert plain(cell.source) in in_pieces, f"cell {number}"
        if "list" in marks:
            items = re.findall(r"^- (.+)$", cell.source, re.MULTILINE)
            assert items and all(plain(item) in words for item in items), f"cell {number}"
        if "given" in marks:
            above = re.split(r"\n\n", cell.source.partition("\n\n> **Predict")[0])[-1]
            assert plain(above)[:25] in words, f"cell {number}"
        for output in cell.get("outputs", []):
            if "result" in marks and output.get("text"):
                assert plain(output.text) in words, f"cell {number}"
            if "figure" in marks and "image/png" in output.get("data", {}):
                alts.append(output.metadata["image/png"]["alt"])
            if "first-figure" in marks and "image/png" in output.get("data", {}):
                alts.append(output.metadata["image/png"]["alt"])
                break
        assert not marks or not CHECK.search(cell.source), "an exercise is no slide"
    formulas = [cell for cell in cells if "formula" in cell.metadata.get("slide", "")]
    assert [alt for alt in shown.alts if alt in alts] == alts
    assert len(shown.alts) == len(alts) + len(formulas)
    assert all(address.startswith("data:") for address in shown.addresses)


@pytest.mark.parametrize("name", MARKED)
def test_answers_are_the_next_step(name):
    found = slides.slides(marked(CHAPTERS[name]))
    for slide in found:
        parts = [part for part, _ in slide]
        after = parts[parts.index("predict") + 1 :] if "predict" in parts else []
        assert after in ([], ["folded"]), parts
        assert sum(lines(*part) for part in slide if part[0] != "where") <= LINES + 2, parts
    texts = [rendered(*part) for slide in found for part in slide if part[0] == "folded"]
    assert all('class="answer fragment"' in text for text in texts)


def made(*cells):
    return new_notebook(cells=list(cells))


def test_a_cell_is_cut_into_its_parts():
    text = ("Seven, as said.\n\n## A claim\n\nIt holds [here](03_x.ipynb#There). Always.\n\n"
            "$$a + b$$\n\n> **Predict.** And\n> then?\n>\n> <details><summary>Answer</summary>\n>\n"
            "> No.\n>\n> </details>")  # fmt: skip
    cell = new_markdown_cell(text, metadata={"slide": "answer claim formula predict folded"})
    code = new_code_cell("1 < 2", metadata={"slide": "code result"})
    drawn = [new_output("display_data", {"image/png": picture}) for picture in ("R0lGODlh", "iVBO")]
    code.outputs = [new_output("stream", text="True & so\n"), *drawn]
    parts = marked(made(cell, code))
    assert parts == [
        ("answer", "Seven, as said."),
        ("claim", ("## A claim", "It holds here. Always.")),
        ("formula", "a + b"), ("predict", "**Predict.** And then?"), ("folded", "No."),
        ("code", "1 < 2"), ("result", "True & so"),
    ]  # fmt: skip
    shown = page(made(cell, code))
    assert "It holds here. Always." in shown and "1 &lt; 2" in shown and "True &amp; so" in shown


def test_what_leads_to_a_prediction_can_be_shown():
    text = ("Nine, as said.\n\n## A claim\n\nIt holds.\n\nTwo files. These are not pictures:\n\n"
            "- a text, [long](a.ipynb);\n- nothing.\n\n"
            "Open both.\n\n> **Predict.** And then?")  # fmt: skip
    cell = new_markdown_cell(text, metadata={"slide": "claim list given predict"})
    assert marked(made(cell)) == [
        ("claim", ("## A claim", "It holds.")),
        ("list", "These are not pictures:\n\n- a text, long;\n- nothing."),
        ("given", "Open both."), ("predict", "**Predict.** And then?"),
    ]  # fmt: skip
    assert "<li>nothing.</li>" in page(made(cell))
    bare = new_markdown_cell("Nine.\n\n## A claim\n\n> **Predict.** And then?",
                             metadata={"slide": "given"})  # fmt: skip
    with pytest.raises(ValueError, match="marked 'given', but has no such part"):
        marked(made(bare))


def test_long_code_goes_on_above_a_line_that_is_not_indented():
    body = "".join(f"    step_{n}()\n" for n in range(9))
    code = f"import it\n\nfor one in it:\n{body}for two in it:\n{body}end()"
    first, second = slides.pieces(code)
    assert second.startswith("for two in it:") and first + "\n" + second == code
    whole = "\n".join(f"  {n}" for n in range(40))  # no such line: cut where the slide ends
    found = slides.pieces(whole)
    assert "\n".join(found) == whole
    assert all(lines("code", piece) <= LINES + 1 for piece in found) and len(found) < 5


def test_the_words_above_a_prediction_stay_with_it():
    fits, long = [("result", "1\n" * 9)], [("result", "1\n" * 11)]
    pair = [("given", "Two files."), ("predict", "**Predict.** And then?")]
    assert slides.slides(fits + pair) == [fits + pair]
    assert slides.slides(long + pair) == [long, pair]


def test_whole_sentences_are_kept():
    assert short("One. Two? " + "Word " * 60 + ".") == "One. Two?"
    assert short("Here is a list:") == "Here is a list."


@pytest.mark.parametrize(
    ("marks", "words"),
    [("claims", "cell 0 is marked 'claims', expected of answer, claim"),
     ("figure", "cell 0 is marked 'figure', but has no such part"),
     ("", "no cell is marked for a slide")],
)  # fmt: skip
def test_a_wrong_mark_is_named(marks, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        page(made(new_markdown_cell("## A claim", metadata={"slide": marks})))


def test_executing_keeps_the_mark():
    notebook = made(new_markdown_cell("## A claim", metadata={"slide": "claim", "other": 1}))
    tidy(notebook)
    assert notebook.cells[0].metadata == {"slide": "claim"}
    nbformat.validate(notebook)
