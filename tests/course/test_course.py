"""The course's own rules: what every chapter promises its reader, whatever it teaches."""

import re
import statistics
import subprocess
import sys
from itertools import groupby

import pytest
from nbconvert import ScriptExporter

from tests.chapters import CHAPTERS, CHECK, PATHS, ROOT, code_cells, exercises, prose_cells, tags
from tools.execute import KEPT, source_sum
from utils.exercises import known

TAGS = {"nbval-ignore-output", "nbval-skip", "raises-exception", "real-data"}
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
MEASURED = re.compile(r"Running every cell took (\d+) s and (\d\.\d) GB on two cores\.")
each_chapter = pytest.mark.parametrize("name", list(CHAPTERS))


def headings(name):
    text = "\n".join(cell.source for cell in prose_cells(name))
    return re.findall(r"^## (.+)$", text, re.MULTILINE)


def outputs(name):
    return [output for cell in code_cells(name) for output in cell.outputs]


def lines(cell):
    return [line for line in cell.source.splitlines() if line.strip()]


def repository_links(text):
    """Return (is an image, its text, its target) for each link that stays in the repository."""
    links = [(mark, words, target.partition("#")[0]) for mark, words, target in LINK.findall(text)]
    return [link for link in links if link[2] and "://" not in link[2]]


@each_chapter
def test_executed_in_order_from_a_blank_kernel(name):
    counts = [cell.execution_count for cell in code_cells(name)]
    assert counts == list(range(1, len(counts) + 1))


@each_chapter
def test_errors_only_where_they_are_wanted(name):
    for cell in code_cells(name):
        failed = any(output.output_type == "error" for output in cell.outputs)
        assert failed == ("raises-exception" in tags(cell)), cell.source


@each_chapter
def test_no_output_on_stderr(name):
    assert not [out.text for out in outputs(name) if out.get("name") == "stderr"]


@each_chapter
def test_no_absolute_path(name):
    text = (ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    plain = re.sub(r"\\u001b\[[\d;]*m", "", text)
    places = r"home|root|work|Users|tmp|opt|usr|private|mnt|content"
    assert not re.findall(rf"(?<![\w.:/])/(?:{places})/\S*|\b[A-Z]:\\\\\S*", plain)


@each_chapter
def test_only_meaningful_metadata(name):
    notebook = CHAPTERS[name]
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert ScriptExporter().from_notebook_node(notebook)[1]["output_extension"] == ".py"
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags", "executed", *KEPT}
        assert set(tags(cell)) <= TAGS
    assert not [out for out in outputs(name) if any("widget" in key for key in out.get("data", {}))]


@each_chapter
def test_outputs_that_are_kept_belong_to_their_source(name):
    for cell in code_cells(name):
        if "nbval-ignore-output" in tags(cell) or "about" in cell.metadata:
            assert cell.metadata.get("executed") == source_sum(cell), cell.source


@each_chapter
def test_small_enough_to_open_anywhere(name):
    assert (ROOT / "notebooks" / f"{name}.ipynb").stat().st_size < 1_000_000


@each_chapter
def test_figures_have_alternative_text(name):
    for output in outputs(name):
        for kind in ("image/png", "image/jpeg", "image/gif", "image/svg+xml"):
            if kind in output.get("data", {}):
                assert len(output.metadata.get(kind, {}).get("alt", "")) >= 10
    for cell in prose_cells(name):
        assert all(words for mark, words, _ in repository_links(cell.source) if mark)
        assert all("alt=" in image for image in re.findall(r"<img[^>]*>", cell.source))


@each_chapter
def test_anatomy_in_order(name):
    number, cells = int(name[:2]), CHAPTERS[name].cells
    assert re.match(rf"# {number:02d} · .+\n\n(.*\n\n)?> \*\*The question\.\*\* ", cells[0].source)
    assert "boot" in cells[0].source
    goals = re.findall(r"^- .+", cells[1].source, re.MULTILINE)
    assert cells[1].source.startswith("## You will be able to")
    assert 3 <= len(goals) <= 5
    assert "builds on" in cells[1].source
    assert MEASURED.search(cells[1].source)
    assert cells[2].cell_type == "code"
    assert "google.colab" in cells[2].source
    assert headings(name)[-2:] == ["Your turn", "Summary"]
    assert "**The question**" in cells[-1].source
    assert len(re.findall(r"^- \*", cells[-1].source, re.MULTILINE)) >= 4


@each_chapter
def test_the_reader_predicts_and_sees_a_failure_and_a_proof(name):
    prose = "\n".join(cell.source for cell in prose_cells(name))
    code = "\n".join(cell.source for cell in code_cells(name))
    assert prose.count("> **Predict.**") >= 5
    assert any("raises-exception" in tags(cell) for cell in code_cells(name))
    assert re.search(r"assert .*(allclose|equal|==)", code)


def running_text(cell):
    """Return a prose cell without its tables and what is folded away."""
    unfolded = re.sub(r"<details>.*?</details>", "", cell.source, flags=re.DOTALL)
    return re.sub(r"^\|.*$", "", unfolded, flags=re.MULTILINE)


@each_chapter
def test_rhythm(name):
    cells = CHAPTERS[name].cells
    code = [len(lines(cell)) for cell in code_cells(name)]
    words = [len(running_text(cell).split()) for cell in prose_cells(name)]
    runs = [
        len(list(run)) for kind, run in groupby(cell.cell_type for cell in cells) if kind == "code"
    ]
    assert 50 <= len(cells) <= 90
    assert statistics.median(code) <= 5
    assert max(code[1:]) <= 25  # the setup cell is folded
    assert 30 <= statistics.median(words) <= 65
    assert max(runs) <= 2


@each_chapter
def test_little_plotting(name):
    code = "\n".join(cell.source for cell in code_cells(name))
    plotting = re.findall(r"^.*\b(?:plt|axis|axes|figure)\.", code, re.MULTILINE)
    assert len(plotting) <= 8


@each_chapter
def test_nothing_silenced(name):
    code = "\n".join(cell.source for cell in code_cells(name))
    assert "filterwarnings" not in code
    assert "%%capture" not in code


@each_chapter
def test_exercises_are_complete(name):
    found = exercises(name)
    number = int(name[:2])
    assert len(found) >= 4
    assert list(found) == [f"{number}.{n}" for n in range(1, len(found) + 1)]
    assert list(found) == [n for n in known() if n.startswith(f"{number}.")]
    text = "\n".join(cell.source for cell in prose_cells(name))
    kinds = r"(?:compute|modify|break|explain)\*\* \((?:easy|medium|hard)\)"
    assert re.findall(rf"\*\*(\d+\.\d) · {kinds}", text) == list(found)
    assert all(solution for _, solution in found.values())
    assert text.count("<summary>Hint</summary>") == len(found)
    assert text.count("<details") == text.count("</details>")


@each_chapter
def test_checks_name_known_exercises(name):
    asked = {match[0] for cell in code_cells(name) for match in CHECK.findall(cell.source)}
    assert asked <= set(known())


@each_chapter
def test_links_resolve(name):
    for cell in prose_cells(name):
        for *_, target in repository_links(cell.source):
            assert (ROOT / "notebooks" / target).exists(), target


@each_chapter
def test_neighbours_are_linked(name):
    names = list(CHAPTERS)
    place, first, last = names.index(name), *(CHAPTERS[name].cells[n].source for n in (0, -1))
    if place > 0:
        assert f"Previous: [{title(names[place - 1])}]({names[place - 1]}.ipynb)" in first
    if place < len(names) - 1:
        link = f"[{title(names[place + 1])}]({names[place + 1]}.ipynb)"
        assert f"Next: {link}" in first
        assert link in last


def title(name):
    return CHAPTERS[name].cells[0].source.splitlines()[0].removeprefix("# ").replace(" ·", "")


def test_chapters_are_numbered_without_gaps():
    assert [int(path.name[:2]) for path in PATHS] == list(range(len(PATHS)))


def test_every_exercise_stands_in_a_chapter():
    assert known() == [number for name in CHAPTERS for number in exercises(name)]


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["lint", "format"])
def test_ruff(command):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "data/README.md", "teaching/README.md"]
)
def test_links_of_the_pages_resolve(page):
    for *_, target in repository_links((ROOT / page).read_text(encoding="utf-8")):
        assert ((ROOT / page).parent / target).exists(), target


@each_chapter
def test_measured_figures_are_those_of_the_readme(name):
    seconds, gigabytes = MEASURED.search(CHAPTERS[name].cells[1].source).groups()
    row = next(
        line
        for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
        if f"](notebooks/{name}.ipynb)" in line
    )
    assert f"| {seconds} s | {gigabytes} GB |" in row
