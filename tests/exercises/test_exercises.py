"""Each check against the stub, the folded solution as it stands, and plausible wrong answers."""

import re
from contextlib import suppress

import pytest
import torch

from tests.chapters import CHAPTERS, CHECK, code_cells, exercises, prose_cells
from tests.exercises.wrong_answers import WRONG
from utils.exercises import NotAttempted, UnknownExercise, WrongAnswer, check, known, verify

CASES = {n: (name, *found) for name in CHAPTERS for n, found in exercises(name).items()}


def case_id(number):
    return f"{CASES[number][0][:2]}_{number}"  # so that -k 01_ chooses a chapter


each_exercise = pytest.mark.parametrize("number", list(CASES), ids=case_id)


@pytest.fixture(scope="module")
def namespaces():
    """Return what a learner's answer can use: the names of each chapter's setup cell."""
    spaces = {}
    for name in CHAPTERS:
        setup = code_cells(name)[0].source
        imports = re.findall(r"^(?:from|import) [^(]*?$|^from [^(]*?\([^)]*\)", setup, re.MULTILINE)
        spaces[name] = {}
        exec("\n".join(imports), spaces[name])
    return spaces


def answer_of(number, source, namespaces):
    """Run an answer as a learner would, and return what the stub's cell passes to check."""
    name, stub, _ = CASES[number]
    space = dict(namespaces[name])
    exec(compile(source, "<answer>", "exec"), space)
    return space[CHECK.search(stub)[2]]


@each_exercise
def test_stub_is_not_attempted(number, namespaces, capsys):
    source = CHECK.sub("", CASES[number][1])
    answer = answer_of(number, source, namespaces)
    check(number, answer)
    assert capsys.readouterr().out == f"{number} not attempted yet\n"
    with pytest.raises(NotAttempted):
        verify(number, answer)


@each_exercise
def test_folded_solution_is_right(number, namespaces, capsys):
    check(number, answer_of(number, CASES[number][2], namespaces))
    assert capsys.readouterr().out.startswith(f"{number} right.")


@each_exercise
def test_at_least_six_wrong_answers_are_tried(number):
    """Of letters, every other choice is tried in test_mutants.py."""
    assert len(WRONG[number]) >= (2 if re.match(r"answer = [{\"]", CASES[number][2]) else 6)


@pytest.mark.parametrize(
    ("number", "source", "message"),
    [
        pytest.param(number, source, message, id=f"{case_id(number)}-{place}")
        for number in WRONG
        for place, (source, message) in enumerate(WRONG[number])
    ],
)
def test_wrong_answer_is_named(number, source, message, namespaces):
    with pytest.raises(WrongAnswer, match=re.escape(message)):
        verify(number, answer_of(number, source, namespaces))


ODD = [None, 0, 1.5, "x", "", [], (), {}, set(), object(), float("nan"), torch.tensor(float("nan"))]
ODD += [torch.zeros(0), int, len, (lambda: 1), (lambda *a, **k: a), (lambda *a: None), Ellipsis]


@each_exercise
@pytest.mark.parametrize("answer", ODD, ids=[f"odd{n}" for n in range(len(ODD))])
def test_no_odd_answer_passes_or_escapes(number, answer, capsys):
    check(number, answer)
    said = capsys.readouterr().out
    assert said.startswith(number)
    assert "right." not in said
    assert "cannot be judged" not in said


@each_exercise
def test_checks_leave_the_random_state(number, namespaces):
    before = torch.get_rng_state()
    with suppress(Exception):
        verify(number, answer_of(number, CASES[number][2], namespaces))
    assert torch.equal(before, torch.get_rng_state())


def test_an_answer_that_raises_is_reported_with_its_line(namespaces):
    source = "def accuracy_of(predictions, labels):\n    right = 1\n    return right / nothing"
    with pytest.raises(WrongAnswer, match=r"raised NameError in line 3.*nothing"):
        verify("0.2", answer_of("0.2", source, namespaces))


def test_a_missing_return_is_named(namespaces):
    source = "def accuracy_of(predictions, labels):\n    (predictions == labels).float().mean()"
    with pytest.raises(WrongAnswer, match="`return` missing"):
        verify("0.2", answer_of("0.2", source, namespaces))


def test_changing_the_argument_is_named(namespaces):
    source = (
        "def centre(batch):\n    batch -= batch.mean(dim=(1, 2, 3), keepdim=True)\n    return batch"
    )
    with pytest.raises(WrongAnswer, match="in place"):
        verify("1.4", answer_of("1.4", source, namespaces))


RIGHT = [
    ("0.1", "answer = 6e4 * 28 * 28"),
    ("0.1", "import numpy\nanswer = numpy.prod([60_000, 28, 28])"),
    ("0.2", "def accuracy_of(p, y):\n    return sum(a == b for a, b in zip(p, y)).item() / len(p)"),
    ("0.2", "accuracy_of = lambda p, y: (p == y).half().mean().item()"),
    ("0.3", 'answer = ["B", "c"]'),
    ("0.3", 'answer = "bc"'),
    ("0.4", 'answer = "B"'),
    ("0.5", 'answer = ["NameError:", 3.0, "B"]'),
    ("0.6", "answer = [3, 1, 4.0, 2]"),
    ("1.1", "answer = torch.zeros(60, 3, 32, 32)[5, :, :1].shape"),
    ("1.2", "def brighten(i, a):\n    return torch.where(i > 255 - a, 255, i + a).to(torch.uint8)"),
    ("1.3", "def mirror_channels_first(p):\n    return p.flip(1).movedim(2, 0)"),
    (
        "1.4",
        "def centre(b):\n    return b.double() - b.double().mean((1, 2, 3))[:, None, None, None]",
    ),
    (
        "1.5",
        "def scores(p, w, b):\n    x = p.to(w).view(len(p), -1).div(255)\n"
        "    return torch.addmm(b, x, w)",
    ),
    (
        "1.5",
        "def scores(p, w, b):\n    r = b.expand(len(p), len(b)).clone()\n"
        "    r += torch.einsum('nd,dk->nk', p.reshape(len(p), -1).to(w.device) / 255, w)\n"
        "    return r",
    ),
    (
        "1.6",
        "def shuffled(n, seed):\n    with torch.random.fork_rng():\n"
        "        torch.manual_seed(seed)\n        return torch.randperm(n)",
    ),
    (
        "1.6",
        "import random\ndef shuffled(n, seed):\n    return random.Random(seed).sample(range(n), n)",
    ),
    ("1.7", 'answer = ("a", "c", "e")'),
    ("2.1", "answer = [235, 96]"),
    ("2.2", "def restored(x, m, s):\n    return x[:, 0].mul(s).add(m).mul(255).add(0.5).byte()"),
    ("2.5", "def sample_weights(y):\n    c = y.bincount()\n    return 1 / c[y] / (c > 0).sum()"),
    (
        "2.7",
        "def collate_unequal(samples):\n    images, labels = zip(*samples)\n"
        "    size = torch.tensor([i.shape for i in images]).amax(0).tolist()\n"
        "    batch = torch.zeros(len(images), *size)\n    for row, i in zip(batch, images):\n"
        "        row[:, : i.shape[1], : i.shape[2]] = i\n    return [batch, torch.tensor(labels)]",
    ),
    (
        "2.8",
        "def channel_statistics(dataset):\n"
        "    pixels = torch.cat([image.flatten(1) for image, _ in dataset], dim=1)\n"
        "    return pixels.mean(1), (pixels - pixels.mean(1)[:, None]).pow(2).mean(1).sqrt()",
    ),
    (
        "2.8",
        "def channel_statistics(dataset):\n"
        "    images, _ = next(iter(DataLoader(dataset, batch_size=len(dataset))))\n"
        "    return images.mean((0, 2, 3)), images.std((0, 2, 3), correction=0)",
    ),
    (
        "2.9",
        "def loading_share(loader, step, clock):\n    start = clock()\n    busy = 0\n"
        "    for batch in loader:\n        before = clock()\n        step(batch)\n"
        "        busy += clock() - before\n    return 1 - busy / (clock() - start)",
    ),
    ("3.3", "def max_pool_2x2(x):\n    return x.unfold(2, 2, 2).unfold(3, 2, 2).amax((-1, -2))"),
    ("3.4", "answer = [2, 0]"),
    ("3.5", "answer = [1, 3, 3]"),
    (
        "4.4",
        "class Tower(nn.Sequential):\n    def __init__(self, widths):\n"
        "        parts = [p for a, b in zip(widths, widths[1:])"
        " for p in (nn.Linear(a, b), nn.ReLU())]\n        super().__init__(*parts[:-1])",
    ),
    (
        "4.2",
        "class Gain(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.register_parameter('gain', nn.Parameter(torch.tensor([1.0])))\n"
        "    def forward(self, x):\n        return x * self.gain",
    ),
    ("5.2", "def top_k_correct(z, y, k):\n    return int(z.topk(k).indices.eq(y[:, None]).sum())"),
    ("5.3", "def log_probabilities(z):\n    return z - z.logsumexp(-1, keepdim=True)"),
]


@pytest.mark.parametrize(("number", "source"), RIGHT)
def test_other_right_answers_are_right(number, source, namespaces):
    verify(number, answer_of(number, source, namespaces))


def test_the_key_of_6_4_is_what_pytorch_does():
    source = next(cell.source for cell in prose_cells("06_gradients") if "**6.4" in cell.source)
    exercise = source[source.index("**6.4") :]
    raising = set()
    for letter, code in re.findall(r"^- (\w): `(.*)`$", exercise, re.MULTILINE):
        x = torch.ones(3, requires_grad=True)
        try:
            exec(code, {"x": x})
        except RuntimeError:
            raising.add(letter)
    verify("6.4", raising)


@pytest.mark.parametrize("number", ["9.9", "1", "", 1.2, None, "1.2 ", "../1.2"])
def test_unknown_numbers_list_the_known(number, capsys):
    with pytest.raises(UnknownExercise, match=r"0\.1, 0\.2"):
        verify(number, 1)
    check(number, 1)
    assert ", ".join(known()) in capsys.readouterr().out
