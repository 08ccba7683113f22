"""The figures of chapter 00: what stands in them is what was given."""

import numpy as np
import pytest
import torch

from tests.plots.seen import assert_legible, texts
from utils.plots import plot_answer, plot_steps

NAMES = ["Shirt", "Bag", "Ankle boot"]


def test_the_steps_stand_in_their_order_around_the_picture(shown):
    picture = torch.arange(12).reshape(3, 4)
    plot_steps(picture)
    titles = [axis.get_title(loc="left") for axis in shown.axes]
    assert [title.split() for title in titles] == [
        ["1", "prepare"], ["2", "build"], ["3", "train"], ["4", "analyse"]
    ]  # fmt: skip
    assert np.array_equal(shown.pixels[0], picture)
    places = [shown.alt.index(word) for word in ("prepare", "build", "train", "analyse")]
    assert places == sorted(places)


def test_an_answer_shows_each_share_beside_its_class(shown):
    picture = torch.rand(5, 4)
    plot_answer(picture, torch.tensor([0.25, 0.125, 0.625]), NAMES)
    assert_legible(shown)
    left, right = shown.axes
    assert np.array_equal(left.images[0].get_array(), picture)
    assert [bar.get_width() for bar in right.patches] == [25, 12.5, 62.5]
    assert texts(shown) == ["25.0 %", "12.5 %", "62.5 %"]
    assert [label.get_text() for label in right.get_yticklabels()] == NAMES
    assert right.get_title() == "The answer: Ankle boot"
    assert right.yaxis_inverted()
    colours = [bar.get_facecolor() for bar in right.patches]
    assert colours[0] == colours[1] != colours[2]
    assert "longest is Ankle boot: Shirt 25.0 %, Bag 12.5 %" in shown.alt


@pytest.mark.parametrize(
    ("picture", "shares", "message"),
    [
        (torch.rand(1, 5, 4), [0.5, 0.5, 0], r"shape \(1, 5, 4\), expected \(height, width\)"),
        (torch.rand(5, 4), [[0.5, 0.5, 0]], r"shape \(1, 3\), .* the 3 classes: squeeze\(\)"),
        (torch.rand(5, 4), [0.5, 0.5], r"shape \(2,\)"),
    ],
)
def test_another_shape_is_named(picture, shares, message):
    with pytest.raises(ValueError, match=message):
        plot_answer(picture, shares, NAMES)


def test_the_steps_want_one_picture():
    with pytest.raises(ValueError, match="take one picture of a batch"):
        plot_steps(torch.rand(10, 28, 28))
