"""Write the quiz bank, teaching/quiz/NN.toml, as Moodle XML and as pages with folded answers.

    python -m tools.quiz 03

Both lie in build/quiz. teaching/quiz/README.md says how a question is written.
"""

import argparse
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import nbformat

from tools.plain_page import block, inline, page
from utils.datasets.fetch import write_file

ROOT = Path(__file__).resolve().parents[1]
BANK = ROOT / "teaching" / "quiz"
OUT = ROOT / "build" / "quiz"
COURSE = "PyTorch from Tensors to GPUs"
KINDS = {"choice": "multichoice", "number": "numerical", "short": "shortanswer"}
NEEDED = {"kind", "text", "answer", "reason", "wrong"}
ALLOWED = NEEDED | {"also", "tolerance", "compute"}


def read(path):
    """Return the questions of one file, as dictionaries. Raises ValueError for what is not one."""
    try:
        with open(path, "rb") as file:
            content = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(
            f"{path.name} cannot be read: {error}. Compare that line with a question that works."
        ) from error
    questions = content.get("question", [])
    if set(content) != {"question"} or not isinstance(questions, list):
        raise ValueError(f"{path.name} has {sorted(content)}, expected only [[question]] blocks.")
    for number, question in enumerate(questions, start=1):
        if wrong := complaint(question):
            raise ValueError(f"{path.name}, question {number}: {wrong}")
    return questions


def complaint(question):
    """Return the sentence about the first thing that is wrong with a question, or None."""
    kind = question.get("kind")
    if kind not in KINDS:
        return f"kind is {kind!r}, expected one of {', '.join(KINDS)}."
    if missing := NEEDED - set(question):
        return f"{', '.join(sorted(missing))} is missing; teaching/quiz/README.md shows a question."
    if extra := set(question) - ALLOWED:
        return f"{', '.join(sorted(extra))} is not known; there are {', '.join(sorted(ALLOWED))}."
    pairs = question["wrong"]
    if not all(isinstance(pair, list) and len(pair) == 2 and pair[1] for pair in pairs):
        return f'wrong is {pairs!r}, expected pairs: [["the wrong answer", "its mistake"], ...].'
    least = 2 if kind == "choice" else 1
    if len(pairs) < least:
        return f"wrong has {len(pairs)} answers, expected at least {least}."
    given = [question["answer"], *question.get("also", []), *(pair[0] for pair in pairs)]
    expected = (int, float) if kind == "number" else str
    for value in given:
        if not isinstance(value, expected) or isinstance(value, bool):
            return f"{value!r} is an answer of kind {kind}, expected {_named(expected)}."
    if kind == "number":
        return _number_complaint(question)
    folded = [value.strip().casefold() for value in given]
    twice = [value for value in folded if folded.count(value) > 1]
    return f"{twice[0]!r} is an answer twice." if twice else None


def _number_complaint(question):
    if "compute" not in question:
        return 'a number needs compute = "an expression", from which a test computes it.'
    tolerance = question.get("tolerance", 0)
    for value, _ in question["wrong"]:
        if abs(value - question["answer"]) <= tolerance:
            return f"{value!r} counts as wrong, but lies within the tolerance of the answer."
    return None


def _named(expected):
    return "text in quotation marks" if expected is str else "a number without quotation marks"


def title(chapter, root=ROOT):
    """Return "03 · Convolution arithmetic", as the notebook says it."""
    [path] = (root / "notebooks").glob(f"{chapter}_*.ipynb")
    return nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ")


def _add(parent, tag, text=None, /, **attributes):
    element = ET.SubElement(parent, tag, attributes)
    if text is not None:
        ET.SubElement(element, "text").text = text
    return element


def moodle(chapter, name, questions):
    """Return the questions as Moodle XML, in bytes. Each wrong answer's mistake is its feedback."""
    quiz = ET.Element("quiz")
    category = _add(quiz, "question", type="category")
    _add(category, "category", f"$course$/top/{COURSE}/{name.replace('/', '//')}")
    for number, question in enumerate(questions, start=1):
        kind = question["kind"]
        node = _add(quiz, "question", type=KINDS[kind])
        _add(node, "name", f"{chapter}.{number:02}")
        _add(node, "questiontext", block(question["text"]), format="html")
        _add(node, "generalfeedback", block(question["reason"]), format="html")
        for tag, value in (("defaultgrade", "1"), ("penalty", "0.3333333"), ("hidden", "0")):
            _add(node, tag).text = value
        if kind == "choice":
            for tag, value in (("single", "true"), ("shuffleanswers", "true")):
                _add(node, tag).text = value
            _add(node, "answernumbering").text = "abc"
        if kind == "short":
            _add(node, "usecase").text = "0"
        for right in (question["answer"], *question.get("also", [])):
            _answer(node, question, right, "100", "")
        for value, mistake in question["wrong"]:
            _answer(node, question, value, "0", block(mistake))
    ET.indent(quiz)
    return ET.tostring(quiz, encoding="utf-8", xml_declaration=True)


def _answer(node, question, value, fraction, feedback):
    kind = question["kind"]
    form = "html" if kind == "choice" else "moodle_auto_format"
    text = inline(value) if kind == "choice" else str(value)
    if kind == "short":
        text = text.replace("*", r"\*")  # a bare * stands for any text in Moodle
    answer = _add(node, "answer", text, fraction=fraction, format=form)
    _add(answer, "feedback", feedback, format="html")
    if kind == "number":
        _add(answer, "tolerance").text = str(question.get("tolerance", 0))


def quiz_page(name, questions):
    """Return the questions as one HTML page. Choices stand in alphabetical order."""
    parts = []
    for number, question in enumerate(questions, start=1):
        parts.append(f"<section>\n<h2>{number}</h2>\n{block(question['text'])}")
        if question["kind"] == "choice":
            choices = sorted([question["answer"], *(pair[0] for pair in question["wrong"])])
            items = "\n".join(f"<li>{inline(choice)}</li>" for choice in choices)
            parts.append(f'<ol type="a">\n{items}\n</ol>')
        right = " or ".join(inline(str(a)) for a in [question["answer"], *question.get("also", [])])
        mistakes = "\n".join(
            f"<li><b>{inline(str(value))}</b>: {inline(mistake)}</li>"
            for value, mistake in question["wrong"]
        )
        parts.append(
            f"<details><summary>Answer</summary>\n<p><b>{right}</b></p>\n"
            f"{block(question['reason'])}\n<p>Wrong answers, and their mistakes:</p>\n"
            f"<ul>\n{mistakes}\n</ul>\n</details>\n</section>"
        )
    return page(f"{name}: questions", "\n".join(parts))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="such as 03; without any, all")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    there = sorted(path.stem for path in BANK.glob("[0-9][0-9].toml"))
    for chapter in options.chapters or there:
        if chapter not in there:
            sys.exit(f"no questions for chapter {chapter!r}; there are {', '.join(there)}.")
        try:
            questions = read(BANK / f"{chapter}.toml")
        except ValueError as error:
            sys.exit(str(error))
        name = title(chapter)
        for ending, data in (
            ("xml", moodle(chapter, name, questions)),
            ("html", quiz_page(name, questions).encode()),
        ):
            place = options.out / f"{chapter}.{ending}"
            write_file(place, data, "Name another --out.")
            print(place)


if __name__ == "__main__":
    main()
