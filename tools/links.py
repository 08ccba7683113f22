"""Write every launch link, setup cell and address of the course for its public home.

    python -m tools.links [--repo https://github.com/you/fork] [--branch dev]

The home stands once, as Homepage in pyproject.toml; without options all else is brought in line
with it. A branch other than main stands there too, as .../tree/branch.
"""

import argparse
import os
import re
import sys
from contextlib import suppress
from pathlib import Path

import nbformat

from tools.execute import ignored, source_sum
from tools.setup_cell import GITHUB, written

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "LICENSE-TEXT.md", "data/README.md")
REPO = re.compile(r"https://github\.com/([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9_][A-Za-z0-9._-]*)")
BRANCH = re.compile(r"(?!.*(?:\.\.|//|/\.|\.lock(?:/|$)))\w(?:[\w./-]*\w)?", re.ASCII)
HOMEPAGE = re.compile(r'^(Homepage = )"([^"\n]*)"$', re.MULTILINE)
LAUNCH = re.compile(r"^\[Open in Colab\]\([^)\n]*\) · \[Launch on Binder\]\([^)\n]*\)$", re.M)
COLAB = re.compile(r"https://colab\.research\.google\.com/github/[^)\s]*/notebooks/")
BINDER = re.compile(r"https://mybinder\.org/v2/gh/[^)\s?]*\?")
CLONE = re.compile(r"git clone (?:-b \S+ )?https://github\.com/\S+\n( *)cd \S+")
PULL = re.compile(r"/git-pull\?repo=[^&\s]*&branch=[^&\s]*&urlpath=lab/tree/[^/\s]*/")


def stop(message):
    sys.exit(f"links: {message}")


def checked(repo, branch):
    """Return (owner/name, branch); end with what was expected if either is something else."""
    slug = REPO.fullmatch(repo.removesuffix("/").removesuffix(".git"))
    if not slug:
        stop(
            f"REPO is {repo!r}, expected the address of a GitHub repository. Write it like "
            "this: make links REPO=https://github.com/you/fork"
        )
    if not BRANCH.fullmatch(branch):
        stop(
            f"BRANCH is {branch!r}, expected a branch's name of letters, digits and . _ - /. "
            "Write it like this: make links BRANCH=dev (or rename the branch)."
        )
    return slug[1], branch


def written_home(root):
    """Return (address, branch) as pyproject.toml has them."""
    found = HOMEPAGE.search((root / "pyproject.toml").read_text(encoding="utf-8"))
    if not found:
        stop('pyproject.toml has no line Homepage = "https://github.com/owner/name"; add it.')
    repo, _, branch = found[2].partition("/tree/")
    return repo, branch or "main"


def homepage(slug, branch):
    return GITHUB + slug + ("" if branch == "main" else f"/tree/{branch}")


def colab(slug, branch):
    return f"https://colab.research.google.com/github/{slug}/blob/{branch}/notebooks/"


def binder(slug, branch):
    return f"https://mybinder.org/v2/gh/{slug}/{branch}?"


def pull(slug, branch):
    folder = slug.split("/")[1]
    return f"/git-pull?repo={GITHUB}{slug}&branch={branch}&urlpath=lab/tree/{folder}/"


def site(slug):
    """Return where GitHub Pages shows a repository's site."""
    owner, name = slug.split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def launch(slug, branch, name, words=("Open in Colab", "Launch on Binder")):
    """Return the two links that open a chapter; text, since a picture needs a network."""
    there = f"{colab(slug, branch)}{name}.ipynb"
    here = f"{binder(slug, branch)}urlpath=lab/tree/notebooks/{name}.ipynb"
    return f"[{words[0]}]({there}) · [{words[1]}]({here})"


def clone(slug, branch, indent):
    option = "" if branch == "main" else f"-b {branch} "
    return f"git clone {option}{GITHUB}{slug}\n{indent}cd {slug.split('/')[1]}"


def renewed(text, slug, branch):
    """Return text with the address in every link to Colab, Binder, a hub or the repository."""
    text = COLAB.sub(lambda _: colab(slug, branch), text)
    text = BINDER.sub(lambda _: binder(slug, branch), text)
    text = CLONE.sub(lambda match: clone(slug, branch, match[1]), text)
    return PULL.sub(lambda _: pull(slug, branch), text)


def moved(text, old, new):
    """Return text with plain links into the old home, or to its site, pointing into the new one."""
    text = text.replace(site(old[0]), site(new[0]))
    pattern = rf"{re.escape(GITHUB + old[0])}(?![\w-]|\.\w)(?:/(blob|tree)/{re.escape(old[1])}/)?"
    return re.sub(
        pattern,
        lambda kind: f"{GITHUB}{new[0]}" + (f"/{kind[1]}/{new[1]}/" if kind[1] else ""),
        text,
    )


def titled(text, slug, branch, name):
    """Return a title cell's text with its launch links below the title."""
    line = launch(slug, branch, name)
    if LAUNCH.search(text):
        return LAUNCH.sub(lambda _: line, text)
    title, _, rest = text.partition("\n")
    return f"{title}\n\n{line}\n{rest}"


def chapter(path, old, new):
    """Return a notebook's text for its new home; outputs and all else stay as they are."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not code or not written(code[0], *new):
        stop(f"{path.name}: its first code cell does not begin with the setup; copy another's.")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = moved(renewed(cell.source, *new), old, new)
    notebook.cells[0].source = titled(notebook.cells[0].source, *new, path.stem)
    if ignored(code[0]):
        code[0].metadata["executed"] = source_sum(code[0])
    return nbformat.writes(notebook) + "\n"


def changes(root, old, new):
    """Return {path: new text} of each file that disagrees with the home `new`."""
    texts = {root / page: None for page in PAGES if (root / page).exists()}
    for path in texts:
        text = path.read_text(encoding="utf-8")
        texts[path] = moved(renewed(text, *new), old, new)
    for path in sorted((root / "notebooks").glob("[0-9]*.ipynb")):
        texts[path] = chapter(path, old, new)
    project = root / "pyproject.toml"
    line = homepage(*new)
    texts[project] = HOMEPAGE.sub(
        lambda match: f'{match[1]}"{line}"', project.read_text(encoding="utf-8")
    )
    return {path: text for path, text in texts.items() if path.read_text(encoding="utf-8") != text}


def write(texts):
    """Write all files, or none if one of them cannot be written."""
    parts = {path: path.with_name(path.name + ".part") for path in texts}
    try:
        for path, part in parts.items():
            part.write_text(texts[path], encoding="utf-8", newline="\n")
        for path, part in parts.items():
            os.replace(part, path)
    except OSError as error:
        stop(f"cannot write {error.filename}: {error.strerror}. Mend that, and run it again.")
    finally:
        for part in parts.values():
            with suppress(OSError):  # what could not be written is perhaps not there either
                part.unlink()


def main(arguments=None, root=ROOT):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repo", help="address of the repository on GitHub")
    parser.add_argument("--branch", help="its branch; main if another repository is given")
    options = parser.parse_args(arguments)
    repo, branch = written_home(root)
    old = checked(repo, branch)
    new = checked(options.repo or repo, options.branch or ("main" if options.repo else branch))
    texts = changes(root, old, new)
    write(texts)
    for path in texts:
        print(f"{path.relative_to(root).as_posix()}: written")
    print(f"All links lead to {homepage(*new)}.")


if __name__ == "__main__":
    main()
