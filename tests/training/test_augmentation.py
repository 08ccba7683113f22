"""Augmentation: each image is one of its crops or mirror images, and chance is fair."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import pad

from utils.training import mirrored, shifted


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 5), channels=st.integers(1, 3), height=st.integers(1, 7),
    width=st.integers(1, 7), most=st.integers(0, 3), seed=st.integers(0, 99),
)  # fmt: skip
def test_each_image_is_one_of_its_crops(count, channels, height, width, most, seed):
    torch.manual_seed(seed)
    images = torch.randn(count, channels, height, width)
    moved, padded = shifted(images, most), pad(images, [most] * 4, mode="replicate")
    assert moved.shape == images.shape
    for number in range(count):
        crops = [
            padded[number, :, y : y + height, x : x + width]
            for y in range(2 * most + 1)
            for x in range(2 * most + 1)
        ]
        assert any(torch.equal(moved[number], crop) for crop in crops)


def test_all_shifts_occur_equally_often():
    torch.manual_seed(0)
    image = torch.arange(25.0).reshape(1, 1, 5, 5).expand(9000, 1, 5, 5)
    centres = shifted(image, 1)[:, 0, 2, 2].long()
    counts = centres.bincount(minlength=25).reshape(5, 5)
    assert counts.sum() == counts[1:4, 1:4].sum() == 9000
    assert counts[1:4, 1:4].min() > 850 and counts[1:4, 1:4].max() < 1150  # 1000 ± 5 sigma


def test_half_are_mirrored_and_none_is_changed_otherwise():
    torch.manual_seed(0)
    images = torch.randn(1, 2, 3, 4).expand(4000, 2, 3, 4)
    turned = (mirrored(images) == images.flip(-1)).flatten(1).all(dim=1)
    same = (mirrored(images) == images).flatten(1).all(dim=1)
    assert 1840 < turned.sum() < 2160 and 1840 < same.sum() < 2160  # 2000 ± 5 sigma
    out = mirrored(images)
    kept = (out == images).flatten(1).all(dim=1)
    assert (kept | (out == images.flip(-1)).flatten(1).all(dim=1)).all()


def test_a_negative_shift_is_refused():
    with pytest.raises(ValueError, match="most must be 0 or more pixels, got -1"):
        shifted(torch.zeros(1, 1, 4, 4), -1)
