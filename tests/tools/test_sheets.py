"""Sheets and glossary: rows are run, terms stand under their headings, a sheet is one page."""

import math
import re
import shutil
import subprocess

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.chapters import CHAPTERS
from tools.quiz import title
from tools.sheets import glossary, main, read, sheet

CHAPTERS_OF_FILE = {chapter["number"]: chapter for chapter in read()}
NAMES = {number: name for name in CHAPTERS if (number := name[:2]) in CHAPTERS_OF_FILE}
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


def rows(kind):
    return [
        pytest.param(number, row, id=f"{number} {row[0]}")
        for number, chapter in CHAPTERS_OF_FILE.items()
        for row in chapter[kind]
    ]


def names_of(number):
    torch.manual_seed(0)
    names = {"torch": torch, "nn": nn, "F": F, "math": math}
    exec(CHAPTERS_OF_FILE[number]["setup"], names)
    return names


def test_each_chapter_has_a_sheet():
    assert [*CHAPTERS_OF_FILE] == [name[:2] for name in CHAPTERS]


@pytest.mark.parametrize(("number", "row"), rows("shapes"))
def test_a_shape_is_as_it_says(number, row):
    _, expression, gives = row
    value = eval(expression, names_of(number))
    assert str(tuple(value.shape) if isinstance(value, torch.Tensor) else value) == gives


@pytest.mark.parametrize(("number", "row"), rows("formulas"))
def test_a_formula_is_true(number, row):
    assert bool(eval(row[2], names_of(number))) is True


@pytest.mark.parametrize(("number", "row"), rows("calls"))
def test_a_call_runs(number, row):
    exec(row[0], names_of(number))


def section(name, heading):
    """Return the text, code included, from a heading of a chapter to the next one of its kind."""
    text = "\n\n".join(cell.source for cell in CHAPTERS[name].cells)
    found = re.search(rf"^(##+) {re.escape(heading)}$", text, re.MULTILINE)
    assert found, f"{name} has no heading {heading!r}"
    rest = text[found.end() :]
    after = re.search(rf"^#{{2,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: after.start()] if after else rest


@pytest.mark.parametrize(("number", "row"), rows("terms"))
def test_a_term_stands_under_its_heading(number, row):
    english, chinese, meaning, heading = row
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert re.fullmatch(r"[^.]+[^.]\.", meaning)  # one sentence
    word = english.partition(" (")[0].casefold()
    parts = word.split()
    text = section(NAMES[number], heading).casefold() + heading.casefold()
    assert word in text or all(re.search(rf"\b{re.escape(p[:6])}", text) for p in parts), english


def test_no_term_stands_twice():
    terms = [term[0] for chapter in CHAPTERS_OF_FILE.values() for term in chapter["terms"]]
    assert len(set(terms)) == len(terms)


def test_the_glossary_has_every_term_once_and_by_alphabet():
    found = re.findall(r"<tr><td><b>(.+?)</b></td>", glossary(CHAPTERS_OF_FILE.values()))
    terms = [term[0] for chapter in CHAPTERS_OF_FILE.values() for term in chapter["terms"]]
    assert found == sorted(terms, key=str.casefold)


def test_a_sheet_shows_what_the_file_says():
    chapter = {
        "number": "03", "setup": "", "shapes": [["a < b", "x[`1`]", "(1,)"]],
        "formulas": [["size", "n · k + 1", "True"]], "calls": [["f(x)", "calls"]],
        "terms": [["kernel", "卷积核", "A grid.", ""]],
    }  # fmt: skip
    html = sheet(chapter, title("03"))
    for text in ("a &lt; b", "<code>x[`1`]</code>", "n · k + 1", "<code>f(x)</code>", "卷积核"):
        assert text in html
    assert "True" not in html  # the check is for the test


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[chapter]]\nnumber = "03"\n', "chapter 03: calls, formulas, setup, shapes, terms is"),
        (
            '[[chapter]]\nnumber = "03"\nsetup = ""\nshapes = [["a", "b"]]\nformulas = []\n'
            "calls = []\nterms = []\n",
            "chapter 03, shapes: ['a', 'b'] is a row, expected 3 texts",
        ),
        ("[[chapter]\n", "cannot be read"),
    ],
)
def test_a_bad_file_is_named(text, said, tmp_path):
    path = tmp_path / "terms.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(said)):
        read(path)


def test_a_chapter_without_a_sheet_is_named(monkeypatch):
    monkeypatch.setattr("sys.argv", ["sheets", "42"])
    with pytest.raises(SystemExit, match="no sheet for chapter '42'; there are 00, 01"):
        main()


@pytest.mark.skipif(not BROWSER, reason="wants chromium, to print")
def test_each_sheet_is_one_page(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["sheets", "--out", str(tmp_path)])
    main()
    for number in CHAPTERS_OF_FILE:
        pdf = tmp_path / f"{number}.pdf"
        command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
        command += [f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={pdf}"]
        subprocess.run([*command, (tmp_path / f"{number}.html").as_uri()], check=True,
                       capture_output=True)  # fmt: skip
        assert len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())) == 1, number
