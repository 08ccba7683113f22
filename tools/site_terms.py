"""The index of functions and terms, by chapter and section, made from the chapters' own words."""

import re
import tomllib
from collections import Counter

from tools.site_notebook import FENCED, headings, slug, text_of

OWNERS = "torch|nn|F|optim|utils|transforms|v2|dist|init|profiler"
DOTTED = re.compile(rf"\b(?:{OWNERS})(?:\.[A-Za-z_]\w*)+")
METHOD = re.compile(r"(?<=[\w\])])\.([a-z_][a-z_0-9]*)\(")
QUOTED = re.compile(r"`\.?([A-Za-z_][\w.]*)(?:\([^`]*\))?`")
BOLD = re.compile(r"\*\*([A-Za-z][A-Za-z' -]{2,40})\*\*")
NO_TERMS = {
    "the question",
    "prepare",
    "build",
    "train",
    "analyse",
    "esc",
    "all",
    "surprise",
    "share",
}
PREVIEW = 1 / 3  # what chapter 00 says of a thing: others explain it
APART = ("You will be able to", "Your turn", "Summary")
HEAD = """\
# Functions and terms

Where each is explained: the section that says most about it in each chapter that does.
"""


def sections(cells):
    """Return [(title, prose, code)] of a chapter's sections, without exercises and summary."""
    parts = [("", [], [])]
    for cell in cells:
        text = text_of(cell)
        if cell["cell_type"] == "code":
            parts[-1][2].append(text)
            continue
        start = 0
        for end, title in headings(text):
            parts[-1][1].append(text[start : text.rfind("\n", 0, end) + 1])
            parts.append((title, [], []))
            start = end
        parts[-1][1].append(text[start:])
    apart, kept = False, []
    for title, prose, code in parts[1:]:
        apart = title in APART or (apart and re.match(r"\d\.\d", title) is not None)
        if not apart:
            kept.append((title, FENCED.sub("", "\n".join(prose)), "\n".join(code)))
    return kept


def functions(title, prose, code):
    """Return how much a section says about each function: its last name, as in `zero_grad`."""
    counts = Counter()
    spoken = [name.rpartition(".")[2] for name in QUOTED.findall(prose)]
    used = [name.rpartition(".")[2] for name in DOTTED.findall(code)] + METHOD.findall(code)
    for name in spoken:
        counts[name] += 3
    for name in used:
        counts[name] += 1
    for name in counts:
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", title):
            counts[name] += 10
    return counts


def terms(title, prose, code):
    """Return how much a section says about each term: those in bold, where they are explained."""
    counts = Counter(name.lower() if name[1:].islower() else name for name in BOLD.findall(prose))
    for name in counts:
        at = name.lower()
        counts[name] += 2 * (at in title.lower()) + prose.lower().count(at) / 10
    return counts


def gathered(chapters, counting):
    """Return {name: {chapter: (score, section)}}: in each chapter the section that says most."""
    best = {}
    for chapter, notebook in chapters.items():
        share = PREVIEW if chapter.startswith("00") else 1
        for title, prose, code in sections(notebook["cells"]):
            for name, score in counting(title, prose, code).items():
                places = best.setdefault(name, {})
                if score * share > places.get(chapter, (0, ""))[0]:
                    places[chapter] = (score * share, title)
    return best


def both(chapters, glossary=()):
    """Return functions and terms, {name: [(chapter, section), …]}, where most is said first."""
    code = " ".join(text_of(cell) for book in chapters.values() for cell in book["cells"]
                    if cell["cell_type"] == "code")  # fmt: skip
    used = {name.rpartition(".")[2] for name in DOTTED.findall(code)} | set(METHOD.findall(code))
    spoken = {
        name.rpartition(".")[2]
        for book in chapters.values()
        for _, prose, _ in sections(book["cells"])
        for name in QUOTED.findall(prose)
    }
    known = {name: where for name, where in gathered(chapters, functions).items()
             if name in used & spoken and len(name) > 1}  # fmt: skip
    none = NO_TERMS | {function.lower() for function in known}
    words = gathered(chapters, terms)
    words = {name: where for name, where in words.items() if name.lower() not in none}
    for english, *_, chapter, section in glossary:
        found = known if english in known else words
        found.setdefault(english, {})[chapter] = (100, section)  # somebody chose it
    return _ordered(known), _ordered(words)


def _ordered(found):
    result = {}
    for name in sorted(found, key=lambda name: (name.lower(), name)):
        places = sorted(found[name].items(), key=lambda place: (-place[1][0], place[0]))
        result[name] = [(chapter, title) for chapter, (score, title) in places if score >= 1]
    return {name: places for name, places in result.items() if places}


def glossary(root, chapters):
    """Return (English, Chinese, sentence, chapter, section) of each term of teaching/terms.toml."""
    path = root / "teaching" / "terms.toml"
    if not path.exists():
        return []
    rows = []
    for part in tomllib.loads(path.read_text(encoding="utf-8"))["chapter"]:
        for chapter in [name for name in chapters if name.startswith(f"{part['number']}_")]:
            titles = {title for title, _, _ in sections(chapters[chapter]["cells"])}
            for english, chinese, sentence, section in part["terms"]:
                if section.replace("`", "") in titles:
                    row = (english, chinese, sentence, chapter, section.replace("`", ""))
                    rows.append(row)
    return rows


def page(chapters, words=()):
    """Return the index as Markdown: a table of functions, a table of terms with the glossary's."""
    told = {english: f" {chinese}<br>{sentence}" for english, chinese, sentence, *_ in words}
    text = HEAD
    for title, found in zip(("Functions and classes", "Terms"), both(chapters, words), strict=True):
        mark = "`" if title.startswith("Functions") else ""
        text += f"\n## {title}\n\n| {title.lower()} | chapter and section |\n|---|---|\n"
        for name, places in found.items():
            links = [f"[{chapter[:2]} · {section}](<notebooks/{chapter}.ipynb#{slug(section)}>)"
                     for chapter, section in places[:4]]  # fmt: skip
            text += f"| {mark}{name}{mark}{told.get(name, '')} | {'<br>'.join(links)} |\n"
    return text


def to_search(chapters, words=()):
    """Return {chapter: {section: words}}: what the search is to answer with that section first."""
    found, taken = {}, set()
    for names in both(chapters, words):
        for name in sorted(names, key=lambda name: (name.lower(), not name.islower())):
            plain = re.sub(r" \(.*|[^\w -].*", "", name)  # a comma would end it
            if plain.lower() not in taken:  # the search takes Conv2d and conv2d for one
                taken.add(plain.lower())
                chapter, section = names[name][0]
                found.setdefault(chapter, {}).setdefault(section, []).append(plain)
    return found
