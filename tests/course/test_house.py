"""The house: few rooms, imports that go one way, nothing heavy before it is needed, short files."""

import ast
import io
import subprocess
import sys
import tokenize

import pytest

from tests.chapters import ROOT

ROOMS = {"datasets", "shapes", "models", "training", "distributed", "plots", "exercises"}
FILES = {
    room: sorted((ROOT / room).rglob("*.py")) for room in ("utils", "tools", "tests", "teaching")
}


def relative(path):
    return path.relative_to(ROOT).as_posix()


def room_of(path):
    """Return the room of a file of utils: "training" for utils/training/loop.py."""
    return path.relative_to(ROOT / "utils").parts[0].removesuffix(".py")


MODULES = [path for path in FILES["utils"] if room_of(path) != "__init__"]


def test_the_library_has_seven_rooms():
    assert {room_of(path) for path in MODULES} == ROOMS


def test_the_tests_have_a_room_for_each():
    found = {path.name for path in (ROOT / "tests").iterdir()}
    assert {room for room in ROOMS if (ROOT / "utils" / room).is_dir()} <= found
    assert {"tools", "course", "test_models.py"} <= found


@pytest.mark.parametrize("path", [path for files in FILES.values() for path in files], ids=relative)
def test_files_are_read_in_one_sitting(path):
    most = 500 if path in FILES["tests"] else 200
    assert len(path.read_text(encoding="utf-8").splitlines()) <= most


@pytest.mark.parametrize(
    "path", [path for path in FILES["utils"] if path.name == "__init__.py"], ids=relative
)
def test_a_package_only_says_what_it_offers(path):
    """What `datasets` does besides is to wait with torchvision until somebody asks for pictures."""
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    work = [node for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    assert [node.name for node in work] == {"datasets": ["__getattr__"]}.get(path.parent.name, [])


def test_the_library_stays_small():
    """The figures are counted by themselves: what they show is read in the notebooks."""
    counts = dict.fromkeys(ROOMS, 0)
    for path in MODULES:
        counts[room_of(path)] += len(lines_of_code(path.read_text(encoding="utf-8")))
    figures, _ = counts.pop("plots"), counts.pop("exercises")
    assert sum(counts.values()) <= 1840
    assert figures <= 2322


def lines_of_code(source):
    """Return the numbers of the lines that hold code, neither comments nor docstrings."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    skipped |= {tokenize.ENDMARKER, tokenize.ENCODING}
    docstrings = {
        number
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for number in range(node.lineno, node.end_lineno + 1)
    }
    used = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in skipped:
            used |= set(range(token.start[0], token.end[0] + 1))
    return used - docstrings


# What a room may use of the others; nothing uses the exercises.
ALLOWED = {
    "datasets": set(),
    "shapes": set(),
    "models": {"shapes"},
    "plots": {"shapes", "models", "datasets"},
    "training": {"shapes", "models", "datasets"},
    "distributed": {"shapes", "models", "datasets", "training"},
    "exercises": ROOMS,
}


def imported(path):
    """Return the rooms of utils, and the other packages of the course, that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "an import that begins with a dot hides what it imports"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for first, second, *_ in (f"{name}.".split(".") for name in names):
            found |= {second} if first == "utils" else {first} & {"tools", "tests", "conftest"}
    return found


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_go_one_way(path):
    own = room_of(path)
    assert imported(path) - {own} <= ALLOWED[own]


@pytest.mark.parametrize("path", FILES["tools"], ids=relative)
def test_tools_use_no_tests(path):
    judge = {"exercises"} if path.name == "grade_judge.py" else set()  # it needs the real checks
    assert not imported(path) & {"tests", "conftest", "exercises", "plots"} - judge


HEAVY = {
    "utils": ("torch", "numpy", "torchvision", "matplotlib"),
    "utils.datasets.fetch": ("torch", "numpy", "torchvision", "matplotlib"),
    "utils.datasets.drawn": ("torch", "torchvision", "matplotlib"),
    "utils.datasets.published": ("matplotlib", "tensorboard"),
    "utils.shapes": ("torchvision", "matplotlib"),
    "utils.models": ("torchvision", "matplotlib"),
    "utils.training": ("torchvision", "matplotlib", "tensorboard"),
    "utils.distributed": ("torch", "numpy"),
    "utils.distributed.worker": ("torchvision", "matplotlib", "tensorboard"),
    "utils.plots": ("torch", "torchvision"),
    "utils.exercises": ("torchvision", "matplotlib"),
    "tools.setup_env": ("psutil", "filelock", "tqdm", "nbformat"),
    "tools.arguments": ("psutil", "filelock", "tqdm", "nbformat"),
    "tools.colab": ("psutil", "filelock", "tqdm", "nbformat"),
}


@pytest.mark.parametrize("module", HEAVY)
def test_importing_loads_nothing_heavy(module):
    code = f"import sys, {module}; print(*[m for m in {HEAVY[module]} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_training_loads_tensorboard_only_for_a_log(tmp_path):
    code = """
import sys, torch
from utils.training import TensorLoader, fit
model = torch.nn.Linear(2, 2)
loader = TensorLoader(torch.randn(4, 2), torch.tensor([0, 1, 0, 1]), 2)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
for log in None, sys.argv[1]:
    fit(model, loader, optimizer=optimizer, num_epochs=1, log_dir=log, progress=False)
    print("tensorboard" in sys.modules)
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
