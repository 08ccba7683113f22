"""The measured distances: what moves, what does not, and what is written of it."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools.distances import moved, run, seen, settle, twice, unit, varied


def cell(source, text, **metadata):
    outputs = [new_output("stream", name="stdout", text=text)] if text else []
    return new_code_cell(source, outputs=outputs, metadata=metadata)


@pytest.mark.parametrize(
    ("written", "step"), [("0.50", 0.01), ("86.9%", 0.1), ("12", 1), ("2.", 1), ("1.5e-3", 1e-4)]
)
def test_unit_of_the_last_digit(written, step):
    assert unit(written) == pytest.approx(step)


def test_each_number_is_followed_through_all_runs():
    far, changed = moved("loss 0.5, 80 %", {"a": "loss 0.4, 81 %", "b": "loss 0.7, 80 %"})
    assert far == pytest.approx([0.2, 1])
    assert changed == {}


def test_other_words_are_no_distance():
    far, changed = moved("loss 0.5", {"a": "loss 9.5 now", "b": "0.6 and 0.7", "c": "loss 0.4"})
    assert far == pytest.approx([0.1])
    assert set(changed) == {"a", "b"}


@pytest.mark.parametrize(
    ("about", "expected"),
    [(2.0, 1.5), ("?", 1.5), ("5 %", "2.5 %"), ([0, 1, "?"], [0, 0.01, 1.5]),
     ([0, "3 %", 1], [0, "2.5 %", 1.5])],
)  # fmt: skip
def test_seen_has_the_form_of_the_distance(about, expected):
    assert seen(about, "epoch 1: 0.40, 75.0 %", [0, 0.001, 1.5]) == expected


def test_twice_is_written_where_no_distance_stands():
    unsettled, chosen = cell("1", "loss 0.50", about="?"), cell("1", "loss 0.50", about=0.02)
    settle(unsettled, [0.013])
    settle(chosen, [0.013])
    assert unsettled.metadata == {"about": 0.026, "seen": 0.013}
    assert chosen.metadata == {"about": 0.02, "seen": 0.013}
    assert twice(0.0134) == 0.027


def test_seeds_move_and_the_notebook_stays():
    notebook = new_notebook(cells=[cell("torch.manual_seed(3); f(seed=0); x.seed = 1", "1")])
    copy = varied(notebook, 2, "import torch")
    assert copy.cells[1].source == "torch.manual_seed(5); f(seed=2); x.seed = 1"
    assert copy.cells[1].outputs == [] != notebook.cells[0].outputs


def test_a_run_sees_seed_and_environment(tmp_path):
    source = "import os\nprint(seed, os.environ['COURSE_TRY'])"
    cells = [cell("seed=4", ""), cell("1 / 0", ""), cell(source, "")]
    texts = run(new_notebook(cells=cells), tmp_path, 1, "", {"COURSE_TRY": "yes"})
    assert texts == ["", "", "5 yes\n"]
