"""Lanes along time and stacked bars: each box stands where it was said, under its own name."""

import pytest
from matplotlib.colors import to_rgba

from tests.plots.seen import assert_legible, texts
from utils.plots import BLUE, ORANGE, plot_lanes, plot_parts


def boxes(shown):
    """Return (left, width, height of the middle) of each box, in the order drawn."""
    return [
        (box.get_x(), box.get_width(), box.get_y() + box.get_height() / 2)
        for box in shown.axes[0].patches
    ]


def legend(shown):
    return [text.get_text() for key in shown.figures[-1].legends for text in key.get_texts()]


def test_boxes_stand_in_their_lanes(shown):
    lanes = {"Python": [(0, 2, "ask"), (2, 5, "wait")], "GPU": [(1, 6, "work")], "idle": []}
    plot_lanes(lanes, "A queue", "time in ms")
    assert_legible(shown)
    assert boxes(shown) == [(0, 2, 0), (2, 5, 0), (1, 6, 1)]
    assert [label.get_text() for label in shown.axes[0].get_yticklabels()] == [*lanes]
    assert shown.axes[0].yaxis_inverted()
    assert texts(shown) == ["ask", "wait", "work"]
    assert not legend(shown)
    assert shown.alt.startswith("A queue. Lanes along time in ms. Python: ask 0 to 2, wait 2 to 7")
    assert "GPU: work 1 to 7; idle: nothing" in shown.alt


def test_a_label_without_room_stands_in_the_legend_once(shown):
    plot_lanes({"a": [(0, 100, "long"), (100, 0.1, "short"), (101, 0.2, "short")]}, "t", "ms")
    assert texts(shown) == ["long"]
    assert legend(shown) == ["short"]


def test_one_label_has_one_look_and_two_have_two(shown):
    plot_lanes({"a": [(0, 1, "x"), (1, 1, "y")], "b": [(0, 1, "x")]}, "t", "ms")
    looks = [(box.get_edgecolor(), box.get_hatch()) for box in shown.axes[0].patches]
    assert looks == [(to_rgba(BLUE), ""), (to_rgba(ORANGE), "//"), (to_rgba(BLUE), "")]


def test_many_boxes_are_counted_in_the_words(shown):
    plot_lanes({"a": [(n, 1, "x") for n in range(15)]}, "t", "ms")
    assert "x 11 to 12 and 3 more" in shown.alt


def test_parts_are_stacked_from_left_to_right(shown):
    plot_parts({"SGD": {"weights": 2, "gradients": 3}, "Adam": {"gradients": 1}}, "Memory", "MB")
    assert_legible(shown)
    assert boxes(shown) == [(0, 2, 0), (0, 0, 1), (2, 3, 0), (0, 1, 1)]
    assert legend(shown) == ["weights", "gradients"]
    assert texts(shown) == ["5 MB", "1 MB"]
    assert shown.alt == "Memory, in MB. SGD: weights 2, gradients 3; Adam: gradients 1"


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: plot_lanes({"a": []}, "t", "ms"), "lanes hold 0 boxes"),
        (lambda: plot_lanes({"a": [(0, -1, "x")]}, "t", "ms"), "of lengths from 0 up"),
        (lambda: plot_parts({}, "t", "MB"), "bars hold 0 values"),
        (lambda: plot_parts({"a": {"x": -1}}, "t", "MB"), "from 0 up"),
    ],
)
def test_what_cannot_be_drawn_is_named(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
