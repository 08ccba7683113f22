"""The loader's pipeline as a drawing: what was given stands where it belongs."""

import numpy as np
import pytest
import torch

from tests.plots.seen import assert_legible, texts
from utils.plots import plot_class_counts, plot_pipeline


def drawn(shown):
    """Return the pictures from left to right, each column from top to bottom."""
    images = shown.axes[0].images
    extents = [(round(image.get_extent()[0]), image.get_extent()[3]) for image in images]
    order = sorted(range(len(images)), key=extents.__getitem__)
    return [np.asarray(images[place].get_array()) for place in order]


def test_pictures_travel_in_the_order_of_the_sampler(shown):
    pictures = torch.arange(4 * 6).reshape(4, 2, 3)
    plot_pipeline(pictures, torch.tensor([2, 0]))
    assert_legible(shown)
    expected = [0, 1, 2, 3, 2, 0, 2, 0]  # dataset, workers, batch
    assert [picture[0, 0] // 6 for picture in drawn(shown)] == expected
    assert "indices [2, 0]" in shown.alt
    assert "(2, 1, 2, 3)" in texts(shown)
    assert "shape (2, 1, 2, 3)" in shown.alt


@pytest.mark.parametrize(
    ("pictures", "order", "message"),
    [
        (torch.zeros(2, 3), [0], r"shape \(2, 3\), expected 2 to 4 of"),
        (torch.zeros(5, 2, 3), [0], r"shape \(5, 2, 3\), expected 2 to 4"),
        (torch.zeros(3, 2, 3), [0, 3], r"order is \[0, 3\], expected up to 4 indices from 0 to 2"),
        (torch.zeros(3, 2, 3), [], r"order is \[\]"),
        (torch.zeros(3, 2, 3), [0, 1, 2, 0, 1], "expected up to 4 indices"),
    ],
)
def test_what_cannot_be_drawn_is_named(pictures, order, message):
    with pytest.raises(ValueError, match=message):
        plot_pipeline(pictures, order)


def test_counts_of_several_sets_stand_beside_one_another(shown):
    plot_class_counts({"all": [0, 1, 1, 2], "part": torch.tensor([1])}, ["a", "b", "c"])
    widths = [[bar.get_width() for bar in axis.patches] for axis in shown.axes]
    assert widths == [[1, 2, 1], [0, 1, 0]]
    assert [axis.get_title() for axis in shown.axes] == ["all", "part"]
    assert shown.axes[0].get_xlim() == shown.axes[1].get_xlim()
    assert shown.alt == "all: a 1, b 2, c 1; part: a 0, b 1, c 0"
    assert all(axis.yaxis_inverted() for axis in shown.axes)


def test_counts_of_sets_without_names_have_the_longer_one_s_length(shown):
    plot_class_counts({"all": [0, 2], "part": [1]})
    assert shown.alt == "all: 0 1, 1 0, 2 1; part: 0 0, 1 1"
