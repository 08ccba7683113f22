"""Every launch link and setup cell leads to the one public home that pyproject.toml names."""

import json
import re
import shutil
import subprocess
import tomllib

import nbformat
import pytest

from tests.chapters import CHAPTERS, PATHS, ROOT
from tools import links, setup_cell
from tools.execute import source_sum

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
HOME, _, BRANCH = PROJECT["urls"]["Homepage"].partition("/tree/")
SLUG, BRANCH = HOME.removeprefix("https://github.com/"), BRANCH or "main"
README = (ROOT / "README.md").read_text(encoding="utf-8")
FORK = "https://github.com/a-class/torch.2027"


@pytest.fixture
def copy(tmp_path):
    """The files that hold links, to be changed."""
    for name in ("pyproject.toml", "notebooks", *links.PAGES):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / name)
    return tmp_path


def contents(root):
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def disagreeing(root):
    home = links.checked(*links.written_home(root))
    return [path.name for path in links.changes(root, home, home)]


def colab(name):
    return f"https://colab.research.google.com/github/{SLUG}/blob/{BRANCH}/notebooks/{name}.ipynb"


def binder(name):
    page = f"lab/tree/notebooks/{name}.ipynb"
    return f"https://mybinder.org/v2/gh/{SLUG}/{BRANCH}?urlpath={page}"


def test_no_link_disagrees_with_the_home():
    assert disagreeing(ROOT) == []


@pytest.mark.parametrize("name", list(CHAPTERS))
def test_a_chapter_can_be_launched_from_its_first_cell_and_from_the_readme(name):
    line = f"[Open in Colab]({colab(name)}) · [Launch on Binder]({binder(name)})"
    assert CHAPTERS[name].cells[0].source.splitlines()[2] == line
    row = next(line for line in README.splitlines() if f"](notebooks/{name}.ipynb)" in line)
    assert row.endswith(f"| [Colab]({colab(name)}) · [Binder]({binder(name)}) |")


@pytest.mark.parametrize("name", list(CHAPTERS))
def test_every_setup_cell_begins_alike_and_names_the_home(name):
    source = CHAPTERS[name].cells[2].source
    title, first, condition, fetch, *_ = [line for line in source.splitlines() if line]
    assert title == "# @title Setup: run this cell first"
    assert first == "from importlib.util import find_spec"
    assert condition == 'if find_spec("google") and find_spec("google.colab"):'
    assert fetch.endswith(f" -b {BRANCH} {HOME}")
    assert source.startswith(setup_cell.beginning(SLUG, BRANCH) + "\n")


def test_a_hub_clones_the_home():
    [address] = re.findall(r"https://hub\.example\.edu\S+", README)
    asked, page = f"repo={HOME}&branch={BRANCH}&urlpath=", "notebooks/00_start_here.ipynb"
    folder = SLUG.split("/")[1]
    assert address == (
        f"https://hub.example.edu/hub/user-redirect/git-pull?{asked}lab/tree/{folder}/{page}"
    )


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (f"{SLUG}/blob/{BRANCH}/notebooks", f"{SLUG}/blob/dev/notebooks"),
        (f"v2/gh/{SLUG}/", "v2/gh/other/course/"),
        (f"-b {BRANCH} https", "-b dev https"),
        ("[Open in Colab](", "[Colab]("),
    ],
    ids=["Colab", "Binder", "setup", "words"],
)
def test_one_link_edited_by_hand_is_found(copy, good, bad):
    path = copy / "notebooks" / "03_convolution_arithmetic.ipynb"
    text = path.read_text(encoding="utf-8")
    assert good in text
    path.write_text(text.replace(good, bad, 1), encoding="utf-8")
    assert disagreeing(copy) == [path.name]


@pytest.mark.parametrize(
    "edit", [("git clone ", "git clone -b dev "), ("git-pull?repo=", "git-pull?repo=x")]
)
def test_an_edited_readme_is_found_and_mended(copy, edit):
    (copy / "README.md").write_text(README.replace(*edit, 1), encoding="utf-8")
    assert disagreeing(copy) == ["README.md"]
    links.main([], root=copy)
    assert (copy / "README.md").read_text(encoding="utf-8") == README


def test_to_a_fork_and_back_leaves_no_difference(copy):
    before = contents(copy)
    (copy / "CONTRIBUTING.md").write_text(
        f"See [a page]({HOME}/blob/{BRANCH}/README.md).\n", newline="\n"
    )
    page = (copy / "CONTRIBUTING.md").read_bytes()
    links.main(["--repo", FORK, "--branch", "spring/week-1"], root=copy)
    assert disagreeing(copy) == []
    away = "\n".join(text.decode(errors="replace") for text in contents(copy).values())
    assert SLUG not in away
    assert "(https://a-class.github.io/torch.2027/)" in away
    assert links.site(SLUG) not in away
    source = nbformat.read(copy / "notebooks" / "00_start_here.ipynb", 4).cells[2].source
    assert f" -b spring/week-1 {FORK}\n    !python torch.2027/tools/colab.py\n" in source
    assert f"{FORK}/blob/spring/week-1/README.md" in away
    assert f"git clone -b spring/week-1 {FORK}\ncd torch.2027\n" in away
    assert f"repo={FORK}&branch=spring/week-1&urlpath=lab/tree/torch.2027/notebooks/" in away
    links.main(["--repo", HOME, "--branch", BRANCH], root=copy)
    assert contents(copy) == before | {(copy / "CONTRIBUTING.md").relative_to(copy): page}


def test_another_branch_is_kept_until_another_repository_is_named(copy):
    links.main(["--branch", "dev"], root=copy)
    links.main([], root=copy)
    assert links.written_home(copy) == (HOME, "dev")
    links.main(["--repo", FORK], root=copy)
    assert links.written_home(copy) == (FORK, "main")


def test_outputs_and_all_else_in_a_notebook_stay(copy):
    links.main(["--repo", FORK], root=copy)
    for path in PATHS:
        old, new = (json.loads((root / "notebooks" / path.name).read_text(encoding="utf-8"))
                    for root in (ROOT, copy))  # fmt: skip
        for cell in (old["cells"][0], old["cells"][2], new["cells"][0], new["cells"][2]):
            cell.pop("source")
        assert new == old


def test_a_setup_cell_that_is_not_compared_still_belongs_to_its_outputs(copy):
    path = copy / "notebooks" / "01_tensors.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].metadata = nbformat.from_dict(
        {"tags": ["nbval-ignore-output"], "executed": source_sum(notebook.cells[2])}
    )
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    links.main(["--repo", FORK], root=copy)
    cell = nbformat.read(path, as_version=4).cells[2]
    assert FORK in cell.source
    assert cell.metadata["executed"] == source_sum(cell) != source_sum(notebook.cells[2])


@pytest.mark.parametrize(
    "repo",
    ["you/fork", "http://github.com/you/fork", "https://gitlab.com/you/fork",
     "https://github.com/you", "https://github.com/you/fork/tree/dev", "https://github.com/you/a b",
     "https://github.com/you/fork;ls", "https://github.com//fork"],
)  # fmt: skip
def test_a_bad_repository_is_named_with_the_remedy_and_changes_nothing(copy, repo):
    before = contents(copy)
    message = rf"REPO is '{re.escape(repo)}', expected .* GitHub .*make links REPO=https://"
    with pytest.raises(SystemExit, match=message):
        links.main(["--repo", repo], root=copy)
    assert contents(copy) == before


@pytest.mark.parametrize("branch", ["a b", "-x", "a..b", "a/", "/a", "a;ls", "a.lock", "a?b"])
def test_a_bad_branch_is_named_with_the_remedy_and_changes_nothing(copy, branch):
    before = contents(copy)
    message = rf"BRANCH is '{re.escape(branch)}', expected .*make links BRANCH=dev"
    with pytest.raises(SystemExit, match=message):
        links.main([f"--branch={branch}"], root=copy)
    assert contents(copy) == before


def test_a_file_that_cannot_be_written_leaves_all_as_they_were(copy):
    before = contents(copy)
    (copy / "pyproject.toml.part").mkdir()
    with pytest.raises(SystemExit, match=r"cannot write .*pyproject\.toml\.part"):
        links.main(["--repo", FORK], root=copy)
    (copy / "pyproject.toml.part").rmdir()
    assert contents(copy) == before


def test_a_notebook_without_its_setup_is_named(copy):
    path = copy / "notebooks" / "02_data.ipynb"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("importlib.util", "importlib.utils", 1), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"02_data\.ipynb: its first code cell"):
        links.main([], root=copy)


@pytest.mark.skipif(not shutil.which("make"), reason="no make here")
def test_make_hands_repository_and_branch_on():
    done = subprocess.run(
        ["make", "-n", "links", f"REPO={FORK}", "BRANCH=dev"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert f"-m tools.links --repo='{FORK}' --branch='dev'" in done.stdout
