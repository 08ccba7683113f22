"""The parts of a cell that a slide can show, each cut down to what a slide holds."""

import base64
import re

LONGEST = 230  # characters of text: about four lines
PARTS = {
    "answer": "what stands above the first heading: it reads the result before it",
    "claim": "the first heading and the sentences below it",
    "formula": "what stands between $$ and $$",
    "given": "the sentences right above the prediction, where they are not those of the claim",
    "list": "the first list, with the words that lead to it",
    "predict": "the prediction, or on the first page the question",
    "folded": "the folded answer of a prediction, shown at the next step",
    "code": "the code",
    "result": "what it printed or returned",
    "figure": "the pictures it drew",
    "first-figure": "the first of them, such as a film whose steps follow as a still picture",
}
HEADING = re.compile(r"^#{1,3} .+$", re.MULTILINE)
ASKED = re.compile(r"^> (\*\*(?:Predict|The question)\.\*\*.*?)(?=\n>\s*<details|\n>\s*\n|\n\n|\Z)",
                   re.MULTILINE | re.DOTALL)  # fmt: skip
FOLDED = re.compile(r"<summary>Answer</summary>(.*?)</details>", re.DOTALL)
FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
LISTED = re.compile(r"(?:^([^\n>]+:)\n\n)?((?:^- .+\n?)+)", re.MULTILINE)
END = re.compile(r"(?<=[.!?:])\s+(?=[A-Z0-9`*\"(\[])")
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!http)[^)]*\)")
ANIMATED = base64.b64encode(b"GIF8")[:5].decode()


def parts_of(cell):
    """Return [(part, content), ...] of what a cell has, in its order."""
    return _of_code(cell) if cell.cell_type == "code" else _of_prose(cell.source)


def short(text):
    """Return as many whole sentences from the beginning of `text` as a slide holds."""
    sentences = END.split(" ".join(text.split()))
    kept = sentences[0]
    for sentence in sentences[1:]:
        if len(kept) + len(sentence) >= LONGEST:
            break
        kept += f" {sentence}"
    return kept[:-1] + "." if kept.endswith(":") else kept


def _paragraphs(text):
    return [
        block
        for block in re.split(r"\n\s*\n", text.strip())
        if block and not block.startswith(("#", ">", "|", "- ", "```", "$$", "<", "![", "---", "["))
    ]


def _first_paragraph(text):
    return short(next(iter(_paragraphs(text)), ""))


def _of_prose(source):
    source = LINK.sub(r"\1", source)  # a link to another chapter leads nowhere from a slide
    heading, found = HEADING.search(source), []
    if above := _first_paragraph(source[: heading.start()] if heading else source):
        found.append((-1, "answer", above))
    if heading:
        below = "" if heading[0].startswith("# ") else _first_paragraph(source[heading.end() :])
        found.append((heading.start(), "claim", (heading[0], below)))
    if asked := ASKED.search(source):
        section = re.split(HEADING, source[: asked.start()])[-1]
        if above := _paragraphs(section)[-1:]:
            found.append((source.rindex(above[0], 0, asked.start()), "given", short(above[0])))
    if listed := LISTED.search(source):
        lead = END.split(listed[1])[-1] + "\n\n" if listed[1] else ""
        found.append((listed.start(2), "list", lead + listed[2].strip()))
    for part, pattern in ("formula", FORMULA), ("predict", ASKED), ("folded", FOLDED):
        for match in pattern.finditer(source):
            text = re.sub(r"^>[ ]?", "", match[1], flags=re.MULTILINE)
            text = short(text) if part == "folded" else " ".join(text.split())
            found.append((match.start(), part, text))
    return [(part, content) for _, part, content in sorted(found, key=lambda one: one[0])]


def _of_code(cell):
    found, texts = [("code", cell.source)], []
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            picture = data["image/png"].replace("\n", "")
            kind = "image/gif" if picture.startswith(ANIMATED) else "image/png"
            text = output.metadata.get("image/png", {}).get("alt", "")
            if "first-figure" not in dict(found):
                found.append(("first-figure", (kind, picture, text)))
            found.append(("figure", (kind, picture, text)))
        elif output.output_type == "error":
            texts.append(f"{output.ename}: {output.evalue}")
        elif text := output.get("text") or data.get("text/plain"):
            texts.append(text.rstrip())
    if texts:
        found.insert(1, ("result", "\n".join(texts)))
    return found
