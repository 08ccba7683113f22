"""Lay out what Sphinx reads: the chapters and texts as they stand, and the pages made from them."""

import json
import posixpath
import re
import shutil
import sys

from tools import site_errors, site_picture, site_terms
from tools.links import written_home
from tools.reading import minutes
from tools.site_notebook import question_of, text_of, title_of

LIBRARY = {  # what learners read of utils, each with the chapter that uses it
    "utils.shapes": "03_convolution_arithmetic",
    "utils.models": "04_modules",
    "utils.training": "07_training_loop",
    "utils.distributed": "09_distributed_training",
}
STAGED = (
    "notebooks/[0-9]*.ipynb",
    "notebooks/pictures/*",
    "teaching/**/*.md",
    "teaching/**/*.png",
    "teaching/terms.toml",
)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")


def part(text, name):
    """Return what stands between <!-- name --> and <!-- /name --> in a text."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    if not found:
        sys.exit(
            f"site: README.md has no part between <!-- {name} --> and <!-- /{name} -->, which the "
            "front page takes from there. Put both lines around it."
        )
    return found[1]


def lay_out(root, stage):
    """Write into the folder `stage` all that Sphinx reads; return {name: chapter}."""
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    for pattern in STAGED:
        for path in root.glob(pattern):
            place = stage / path.relative_to(root)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    chapters = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((stage / "notebooks").glob("[0-9]*.ipynb"))
    }
    readme = (root / "README.md").read_text(encoding="utf-8")
    pages = {
        "README.md": guide(readme),
        "_about.md": part(readme, "about"),
        "_commands.md": part(readme, "commands"),
        "_journey.md": journey(chapters),
        "_chapters.md": cards(chapters),
        "library.md": library(),
        "errors.md": site_errors.page(chapters),
        "terms.md": site_terms.page(chapters, site_terms.glossary(root, chapters)),
        "_contents.md": contents(chapters, for_teachers(stage)),
        "index.md": (root / "site" / "index.md").read_text(encoding="utf-8"),
    }
    for name, text in pages.items():
        (stage / name).write_text(text, encoding="utf-8")
    for path in stage.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        path.write_text(outward(text, path.relative_to(stage), stage, root), encoding="utf-8")
    titles = {name[:2]: title_of(notebook) for name, notebook in chapters.items()}
    site_picture.draw(titles, stage / "pictures")
    return chapters


def guide(readme):
    """Return the README as a page: without its beginning and list, which the front page has."""
    rest = re.sub(r"^## Syllabus\n.*?(?=^## )", "", readme, flags=re.DOTALL | re.MULTILINE)
    beginning = re.compile(r"\A# .*?(?=^## )", re.DOTALL | re.MULTILINE)
    return beginning.sub("# Install, teach, mend\n\n", rest)


def outward(text, page, stage, root):
    """Lead links to files that are not on the site to their place in the repository."""
    repo, branch = written_home(root)

    def target(match):
        path = posixpath.normpath(posixpath.join(page.parent.as_posix(), match[1]))
        kind = "tree" if (root / path).is_dir() else "blob"
        if (stage / path).is_file() or not (root / path).exists():
            return match[0]
        return f"]({repo}/{kind}/{branch}/{path}{match[2] or ''})"

    return LINK.sub(target, text)


def journey(chapters):
    """Return the picture of the boot's way through all chapters, with its alternative text."""
    words = "; ".join(f"{name[:2]} {site_picture.words(name[:2])}" for name in chapters)
    return f"![The boot as each chapter meets it: {words}.](pictures/journey.png)\n"


def cards(chapters):
    """Return the front page's list of chapters: picture, title, question, minutes."""
    texts = []
    for name, notebook in chapters.items():
        core, whole = minutes(_with_figures(notebook["cells"]))
        words = site_picture.words(name[:2]).capitalize()
        texts.append(
            f"::::{{container}} chapter\n![{words}](pictures/{name[:2]}.png)\n\n"
            f"[{title_of(notebook)}](notebooks/{name}.ipynb)\n\n{question_of(notebook)}\n\n"
            f"{core} minutes for the core, {whole} with everything\n::::\n"
        )
    return "\n".join(texts)


def _with_figures(cells):
    """Return the cells in the form that `tools.reading` takes: each text in one piece."""
    from nbformat import from_dict

    return [from_dict(cell | {"source": text_of(cell)}) for cell in cells]


def library():
    """Return the page of utils: the modules' own words."""
    text = "# The library behind the notebooks\n\n"
    text += "What chapters build by hand, for later ones to import, in the words of its code.\n"
    for module, chapter in LIBRARY.items():
        text += (
            f"\n## {module}\n\nUsed from [chapter {chapter[:2]}](notebooks/{chapter}.ipynb) on.\n"
        )
        text += f"\n```{{eval-rst}}\n.. automodule:: {module}\n   :members:\n```\n"
    return text


def for_teachers(stage):
    """Return the names of the pages in teaching/, the README first, deeper folders last."""
    paths = [path.relative_to(stage).with_suffix("") for path in stage.glob("teaching/**/*.md")]
    ordered = sorted(paths, key=lambda path: (len(path.parts), path.name != "README", path))
    return [path.as_posix() for path in ordered]


def contents(chapters, teaching):
    """Return the hidden lists that give the site its order."""
    groups = {
        "Chapters": [f"notebooks/{name}" for name in chapters],
        "To look things up": ["errors", "terms", "library"],
        "To set it up": ["README"],
        "For teachers": teaching,
    }
    return "\n".join(
        f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n" + "\n".join(names) + "\n```\n"
        for caption, names in groups.items()
        if names
    )
