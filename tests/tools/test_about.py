"""Numbers that may be off by a stated distance, and all that may not be."""

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_output

from tests.tools.test_verification import DRAW_FEW, verdicts
from tools.about import difference, numbers, output_difference, words
from tools.execute import keep_stored_outputs, source_sum

STORED = "epoch 1: loss 0.482, 84.1 % right\nepoch 2: loss 0.391, 86.9 % right\n"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("86.9% of 10,000 pictures", ["86.9%", "10,000"]),
        ("[-1.5e-3, 2.]", ["-1.5e-3", "2."]),
        ("conv2 float32 x3 3x3", []),
        ("5-3", ["5", "3"]),
        ("Shirt 65 %, Bag\t9", ["65%", "9"]),
        ("32_998 parameters, \N{MINUS SIGN}4.5", ["32_998", "\N{MINUS SIGN}4.5"]),
        ("loss nan, then -inf", ["nan", "-inf"]),
        ("torch.Size([6, 1, 5, 5])", ["6", "1", "5", "5"]),
        ("nano, information, Inference", []),
    ],
)
def test_numbers_are_found(text, written):
    assert [number for number, *_ in numbers(text)] == written


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (STORED, None),
        (STORED.replace("86.9", "88.8"), None),
        (STORED.replace("86.9", "88.91"), "number 6 in 'epoch 2: loss 0.391, 86.9 % right': "
         "stored 86.9%, now 88.91%, allowed ± 2"),
        (STORED.replace("right", "correct", 1), "stored '% right epoch', now '% correct epoch'"),
        (STORED.replace(" 84.1", ""), "6 numbers are stored, 5 came"),
        ("\n".join(reversed(STORED.splitlines())), "number 1 in 'epoch 1: loss 0.482, 84.1 % "
         "right': stored 1, now 2, allowed ± 0"),
        (STORED.replace("0.391", "nan"), "stored 0.391, now nan"),
        (STORED.replace("0.391", "-inf"), "stored 0.391, now -inf"),
        ("", "6 numbers are stored, 0 came"),
        (STORED + "7.5", "6 numbers are stored, 7 came"),
        (STORED.replace("epoch 2", "epoch 3"), "stored 2, now 3, allowed ± 0"),
    ],
)  # fmt: skip
def test_one_distance_serves_all_but_whole_numbers(new, message):
    found = difference(STORED, new, 2.0)
    assert found is None if message is None else message in found


@pytest.mark.parametrize(
    ("about", "new", "message"),
    [
        ([2, "10 %"], "8691 right, loss 0.42", None),
        ([2, "10 %"], "8692 right, loss 0.39", "stored 8689, now 8692, allowed ± 2"),
        ([2, "10 %"], "8689 right, loss 0.34", "stored 0.39, now 0.34, allowed ± 0.039"),
        ([2], "8689 right, loss 0.39", "a distance is missing: 2 numbers and 1 distances"),
        ([2, "?"], "8689 right, loss 0.39", "a distance is missing: '?' is no distance"),
        ("?", "8689 right, loss 0.39", "a distance is missing: '?'"),
        (None, "8689 right, loss 0.39", "a distance is missing: None"),
        (True, "8689 right, loss 0.39", "a distance is missing: True"),
        (-1, "8689 right, loss 0.39", "a distance is missing: -1"),
        (float("inf"), "8689 right, loss 0.39", "a distance is missing: inf"),
        ("5 points", "8689 right, loss 0.39", "a distance is missing: '5 points'"),
    ],
)
def test_a_list_holds_a_distance_for_each_number(about, new, message):
    found = difference("8689 right, loss 0.39", new, about)
    assert found is None if message is None else message in found


def test_the_gaps_may_change_with_the_width_of_a_number():
    assert difference("Shirt   9.8 %", "Shirt  10.1 %", 0.5) is None
    assert difference("tensor([0.5,\n  0.6])", "tensor([0.5, 0.6])", 0.5) is None


@given(st.text(alphabet="ab 1.,-%e\n", max_size=40))
def test_a_text_equals_itself_and_its_words_and_numbers_are_all_of_it(text):
    assert difference(text, text, 0.0) is None
    assert len(words(text)) == len(numbers(text)) + 1


@given(st.floats(-1e6, 1e6), st.floats(0, 1e3), st.floats(-3e3, 3e3))
def test_the_distance_is_the_bound(value, far, off):
    stored, new = f"x {value:.3f}", f"x {value + off:.3f}"
    near = abs(float(stored[2:]) - float(new[2:])) <= far * (1 + 1e-9)
    assert (difference(stored, new, far) is None) == near


def printed(text):
    return new_output("stream", name="stdout", text=text)


def drawn(text):
    return new_output("display_data", {"image/png": "aGk=", "text/plain": text})


def test_the_text_of_a_picture_is_exact_and_has_no_distance():
    stored = [printed("loss 0.5\n"), drawn("<Figure size 950x300 with 1 Axes>")]
    assert output_difference(stored, [printed("loss 0.6\n"), stored[1]], [0.2]) is None
    other = [stored[0], drawn("<Figure size 950x300 with 2 Axes>")]
    assert "with 2 Axes" in output_difference(stored, other, 0.2)
    assert "now ['stdout']" in output_difference(stored, stored[:1], 0.2)


def test_a_figure_without_its_picture_is_the_same_figure():
    """As with MPLBACKEND=agg, where a kernel shows a figure's text alone."""
    text = "<Figure size 950x300 with 1 Axes>"
    alone = new_output("display_data", data={"text/plain": text})
    stored = [printed("loss 0.5\n"), drawn(text)]
    assert output_difference(stored, [stored[0], alone], 0.1) is None
    assert output_difference(stored, [stored[0], drawn(text.replace("1", "2"))], 0.1)


def about_cell(source, text, about, **more):
    return new_code_cell(
        source, outputs=[printed(text)], execution_count=1, metadata={"about": about} | more
    )


PLANTED = {
    "near": ("print('loss 0.41')", "loss 0.39\n", 0.05, None),
    "far": ("print('loss 0.45')", "loss 0.39\n", 0.05, "stored 0.39, now 0.45, allowed ± 0.05"),
    "word": ("print('cost 0.39')", "loss 0.39\n", 0.05, "stored 'loss', now 'cost'"),
    "fewer": ("print('loss')", "loss 0.39\n", 0.05, "1 numbers are stored, 0 came"),
    "swapped": ("print('b 0.2')\nprint('a 0.1')", "a 0.1\nb 0.2\n", 0.5, "stored 'a', now 'b'"),
    "nan": ("print('loss', float('nan'))", "loss 0.39\n", 0.05, "stored 0.39, now nan"),
    "none": ("print('loss 0.39')", "loss 0.39\n", "?", "a distance is missing"),
    "silent": ("pass", "loss 0.39\n", 0.05, "now nothing"),
    "error": ("import sys\nprint('loss 0.39')\nprint('x', file=sys.stderr)", "loss 0.39\n", 0.05,
              "Unexpected output fields"),
}  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    books = {name: [about_cell(*planted[:3])] for name, planted in PLANTED.items()}
    books["drawn"] = [about_cell("print('loss 9.9')", "loss 0.39\n", 0.05, tags=["real-data"])]
    return verdicts(tmp_path_factory.mktemp("about"), books, DRAW_FEW)


@pytest.mark.parametrize("name", PLANTED)
def test_the_verification_sees_planted_faults(report, name):
    lines, message = report.splitlines(), PLANTED[name][3]
    verdict = "FAILED" if message else "PASSED"
    assert any(verdict in line and f"{name}.ipynb::Cell 0" in line for line in lines), report
    place = "" if name == "error" else f"{name}.ipynb, cell 0: "
    assert message is None or any(place in line and message in line for line in lines), report


def test_where_the_pictures_are_drawn_a_number_of_the_real_ones_is_not_compared(report):
    assert any("PASSED" in line and "drawn.ipynb" in line for line in report.splitlines()), report


@pytest.mark.parametrize(
    ("new", "about", "kept"), [("0.41", 0.05, True), ("0.45", 0.05, False), ("0.41", "?", False)]
)
def test_executing_keeps_what_lies_within(new, about, kept):
    cell = about_cell("print(loss)", "0.39", about)
    cell.metadata["executed"] = source_sum(cell)
    earlier = nbformat.v4.new_notebook(cells=[cell])
    notebook = nbformat.from_dict(nbformat.from_dict(earlier.copy()))
    notebook.cells = [nbformat.from_dict(cell | {"outputs": [printed(new)]})]
    keep_stored_outputs(notebook, earlier)
    assert notebook.cells[0].outputs[0].text == ("0.39" if kept else new)


def test_a_changed_source_is_never_kept():
    cell = about_cell("print(loss)", "0.39", 0.5)
    cell.metadata["executed"] = "of another source"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.from_dict(cell | {"outputs": [printed("0.40")]})]
    )
    keep_stored_outputs(notebook, nbformat.v4.new_notebook(cells=[cell]))
    assert notebook.cells[0].outputs[0].text == "0.40"
