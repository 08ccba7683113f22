"""The quiz bank: every number is computed, and what Moodle and the page get is whole."""

import math
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.chapters import CHAPTERS, ROOT
from tools.quiz import BANK, complaint, main, moodle, quiz_page, read, title
from utils.models import CifarNet, FashionNet, LeNet5

FILES = sorted(BANK.glob("[0-9][0-9].toml"))
QUESTIONS = [(path.stem, n, q) for path in FILES for n, q in enumerate(read(path), start=1)]
NAMES = {"torch": torch, "nn": nn, "F": F, "math": math}
NAMES |= {"FashionNet": FashionNet, "LeNet5": LeNet5, "CifarNet": CifarNet}
COMPUTED = [pytest.param(q, id=f"{stem}.{n}") for stem, n, q in QUESTIONS if "compute" in q]

GOOD = {
    "kind": "number",
    "text": "What is `a < b` & 1 + 1?",
    "answer": 2,
    "compute": "1 + 1",
    "reason": "<b>Two</b>",
    "wrong": [[3, "one too many"]],
}
CHOICE = {
    "kind": "choice",
    "text": "Which?",
    "answer": "`x[<1]`",
    "reason": "So.",
    "wrong": [["<script>", "a tag"], ["c & d", "an amp"]],
}
SHORT = {
    "kind": "short",
    "text": "Which operator?",
    "answer": "a * b",
    "also": ["a*b"],
    "reason": "So.",
    "wrong": [["a @ b", "a matrix product"]],
}


def test_each_chapter_has_ten_questions_of_all_kinds():
    assert [path.stem for path in FILES] == [name[:2] for name in CHAPTERS]
    for path in FILES:
        kinds = [question["kind"] for question in read(path)]
        assert len(kinds) == 10
        assert set(kinds) == {"choice", "number", "short"}


@pytest.mark.parametrize("question", COMPUTED)
def test_the_answer_is_what_torch_computes(question):
    computed = eval(question["compute"], dict(NAMES))
    if question["kind"] == "number":
        assert abs(computed - question["answer"]) <= question.get("tolerance", 0)
    else:
        assert str(computed) == question["answer"]


def test_no_question_is_asked_twice():
    texts = [question["text"] for _, _, question in QUESTIONS]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "essay"}, "'essay', expected one of choice, number, short"),
        ({"reason": None}, "reason is missing"),
        ({"answr": 2}, "answr is not known"),
        ({"answer": "2"}, "'2' is an answer of kind number, expected a number"),
        ({"answer": True}, "True is an answer"),
        ({"compute": None}, 'needs compute = "an expression"'),
        ({"wrong": [[2.1, "near"]], "tolerance": 0.2}, "2.1 counts as wrong, but lies within"),
        ({"wrong": []}, "wrong has 0 answers, expected at least 1"),
        ({"wrong": [[3]]}, "expected pairs"),
        ({"wrong": [[3, ""]]}, "expected pairs"),
    ],
)
def test_a_bad_question_is_named(change, said):
    assert complaint(GOOD) is None
    question = {name: value for name, value in (GOOD | change).items() if value is not None}
    assert said in complaint(question)


def test_an_answer_that_stands_twice_is_named():
    assert complaint(CHOICE) is None
    assert "twice" in complaint(CHOICE | {"wrong": [["`X[<1]` ", "same"], ["b", "other"]]})
    assert "at least 2" in complaint(CHOICE | {"wrong": [["b", "other"]]})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[question]]\nkind = "number', "cannot be read"),
        ("[question]\n", "expected only [[question]]"),
        ('[[question]]\nkind = "number"\n', "question 1: answer, reason, text, wrong is missing"),
        ("[[answer]]\nx = 1\n", "has ['answer']"),
    ],
)
def test_a_file_that_is_no_bank_is_named(text, said, tmp_path):
    path = tmp_path / "03.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(said)) as raised:
        read(path)
    assert str(raised.value).startswith("03.toml")


def exported(chapter, questions):
    return ET.fromstring(moodle(chapter, title(chapter), questions)).findall("question")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_moodle_gets_every_question(path):
    """Checked against Moodle's own form: types, fractions, and the parts each type must have."""
    questions = read(path)
    category, *nodes = exported(path.stem, questions)
    assert category.get("type") == "category"
    assert title(path.stem) in category.findtext("category/text")
    assert len(nodes) == len(questions)
    assert len({node.findtext("name/text") for node in nodes}) == len(nodes)
    for node, question in zip(nodes, questions, strict=True):
        kind = {"choice": "multichoice", "number": "numerical", "short": "shortanswer"}
        assert node.get("type") == kind[question["kind"]]
        for part in ("questiontext", "generalfeedback"):
            assert node.find(part).get("format") == "html"
            assert node.findtext(f"{part}/text")
        answers = node.findall("answer")
        fractions = [answer.get("fraction") for answer in answers]
        assert set(fractions) == {"100", "0"}
        right = [a.findtext("text") for a in answers if a.get("fraction") == "100"]
        assert len(right) == 1 + len(question.get("also", []))
        for answer in answers:
            assert answer.findtext("text")
            assert answer.find("feedback").get("format") == "html"
            assert bool(answer.findtext("feedback/text")) == (answer.get("fraction") == "0")
        if question["kind"] == "number":
            assert float(right[0]) == question["answer"]
            assert all(float(answer.findtext("tolerance")) >= 0 for answer in answers)
        if question["kind"] == "choice":
            assert node.findtext("single") == "true"


def test_what_looks_like_html_is_shown_not_obeyed():
    number, choice, short = exported("03", [GOOD, CHOICE, SHORT])[1:]
    assert (
        number.findtext("questiontext/text") == "<p>What is <code>a &lt; b</code> &amp; 1 + 1?</p>"
    )
    assert "<b>" not in number.findtext("generalfeedback/text")
    shown = [answer.findtext("text") for answer in choice.findall("answer")]
    assert shown == ["<code>x[&lt;1]</code>", "&lt;script&gt;", "c &amp; d"]
    typed = [answer.findtext("text") for answer in short.findall("answer")]
    assert typed == [r"a \* b", r"a\*b", "a @ b"]  # a bare * would accept any text


class Shape(HTMLParser):
    """Which tags are open where; `folded` is the text inside <details>."""

    def __init__(self, html):
        super().__init__()
        self.open, self.folded, self.shown, self.tags = [], "", "", []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "details" in self.open:
            self.folded += data
        elif "style" not in self.open:
            self.shown += data


def test_the_page_folds_answers():
    shape = Shape(quiz_page("03 · Test", [GOOD, CHOICE, SHORT]))
    assert shape.open == []
    assert shape.tags.count("details") == 3
    for text in ("Two", "one too many", "a * b or a*b", "a matrix product"):
        assert text in shape.folded and text not in shape.shown
    assert "script" not in shape.tags and "<script>" in shape.shown
    assert shape.shown.index("<script>") < shape.shown.index("x[<1]")  # not the answer first


def test_both_files_are_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["quiz", "03", "--out", str(tmp_path / "new")])
    main()
    assert capsys.readouterr().out.split() == [
        str(tmp_path / "new" / f"03.{e}") for e in ("xml", "html")
    ]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["03.html", "03.xml"]


def test_a_chapter_without_questions_is_named(monkeypatch):
    monkeypatch.setattr("sys.argv", ["quiz", "42"])
    with pytest.raises(SystemExit, match="no questions for chapter '42'; there are 00, 01"):
        main()


def test_the_readme_shows_a_question_that_works(tmp_path):
    text = (ROOT / "teaching" / "quiz" / "README.md").read_text(encoding="utf-8")
    path = tmp_path / "03.toml"
    path.write_text(re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1], encoding="utf-8")
    [question] = read(path)
    assert eval(question["compute"], dict(NAMES)) == question["answer"]
