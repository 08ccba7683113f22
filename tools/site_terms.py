"""The index of functions and terms, by chapter and section, made from the chapters' own words."""

import re
from collections import Counter

from tools.site_notebook import FENCED, headings, slug, text_of

OWNERS = "torch|nn|F|optim|utils|transforms|v2|dist|init|profiler"
DOTTED = re.compile(rf"\b(?:{OWNERS})(?:\.[A-Za-z_]\w*)+")
METHOD = re.compile(r"(?<=[\w\])])\.([a-z_][a-z_0-9]*)\(")
QUOTED = re.compile(r"`\.?([A-Za-z_][\w.]*)(?:\([^`]*\))?`")
BOLD = re.compile(r"\*\*([A-Za-z][A-Za-z' -]{2,40})\*\*")
NO_TERMS = {"the question", "prepare", "build", "train", "analyse", "esc", "all", "surprise", "share"}
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
    counts = Counter(
        name.lower() if name[1:].islower() else name for name in BOLD.findall(prose)
    )
    for name in counts:
        at = name.lower()
        counts[name] += 2 * (at in title.lower()) + prose.lower().count(at) / 10
    return counts


def gathered(chapters, counting):
    """Return {name: {chapter: (score, section)}}: in each chapter the section that says most."""
    best = {}
    for chapter, notebook in chapters.items():
        for title, prose, code in sections(notebook["cells"]):
            for name, score in counting(title, prose, code).items():
                places = best.setdefault(name, {})
                if score > places.get(chapter, (0, ""))[0]:
                    places[chapter] = (score, title)
    return best


def both(chapters):
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
    words = {name: where for name, where in gathered(chapters, terms).items()
             if name.lower() not in NO_TERMS and name.lower() not in {function.lower() for function in known}}  # fmt: skip
    return _ordered(known), _ordered(words)


def _ordered(found):
    result = {}
    for name in sorted(found, key=lambda name: (name.lower(), name)):
        places = sorted(found[name].items(), key=lambda place: (-place[1][0], place[0]))
        result[name] = [(chapter, title) for chapter, (score, title) in places if score >= 1]
    return {name: places for name, places in result.items() if places}


def page(chapters):
    """Return the index as Markdown: a table of functions, a table of terms."""
    text = HEAD
    for title, found in zip(("Functions and classes", "Terms"), both(chapters), strict=True):
        mark = "`" if title.startswith("Functions") else ""
        text += f"\n## {title}\n\n| {title.lower()} | chapter and section |\n|---|---|\n"
        for name, places in found.items():
            links = [f"[{chapter[:2]} · {section}](<notebooks/{chapter}.ipynb#{slug(section)}>)"
                     for chapter, section in places[:4]]  # fmt: skip
            text += f"| {mark}{name}{mark} | {'<br>'.join(links)} |\n"
    return text


def to_search(chapters):
    """Return {chapter: {section: words}}: what the search is to answer with that section first."""
    found = {}
    for names in both(chapters):
        for name, places in names.items():
            chapter, section = places[0]
            found.setdefault(chapter, {}).setdefault(section, []).append(name)
    return found
