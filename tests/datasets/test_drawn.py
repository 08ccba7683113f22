"""The drawn stand-in: the same bytes every time, and pictures that deserve their labels."""

import hashlib

import numpy as np
import pytest

from utils.datasets.drawn import CLASSES, COLOUR_CLASSES, draw_image, draw_split, split_labels

KINDS = [(train, colour) for train in (True, False) for colour in (False, True)]


@pytest.fixture(scope="module")
def grey():
    return draw_split(count=600, progress=False)


def of_class(split, name):
    images, labels = split
    return images[labels == CLASSES.index(name)].astype(float)


def test_names():
    assert len(CLASSES) == len(COLOUR_CLASSES) == 10
    assert (CLASSES[0], CLASSES[5], CLASSES[9]) == ("T-shirt/top", "Sandal", "Ankle boot")
    assert COLOUR_CLASSES[0] == "drawn T-shirt/top"


def test_first_labels_are_those_of_fashion_mnist():
    labels = draw_split(count=10, progress=False)[1]
    assert labels.tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]


@pytest.mark.parametrize(("train", "colour"), KINDS)
def test_shapes_and_types(train, colour):
    images, labels = draw_split(train, colour, count=12, progress=False)
    assert images.shape == ((12, 32, 32, 3) if colour else (12, 28, 28))
    assert labels.shape == (12,)
    assert images.dtype == labels.dtype == np.uint8


@pytest.mark.parametrize(("train", "colour"), KINDS)
def test_a_whole_split_is_balanced_and_shuffled(train, colour):
    each = {(True, False): 6_000, (True, True): 5_000}.get((train, colour), 1_000)
    labels = split_labels(train, colour)
    assert labels.dtype == np.uint8
    assert np.bincount(labels).tolist() == [each] * 10
    assert np.bincount(labels[: len(labels) // 2]).min() > 0.4 * each
    assert 0.05 < np.mean(labels[1:] == labels[:-1]) < 0.15


@pytest.mark.parametrize(("train", "colour"), KINDS)
def test_a_shorter_request_is_a_prefix_and_every_request_gives_the_same_bytes(train, colour):
    short, long = (draw_split(train, colour, count=n, progress=False) for n in (50, 80))
    np.testing.assert_array_equal(short[0], long[0][:50])
    np.testing.assert_array_equal(short[1], long[1][:50])


def test_global_random_state_is_neither_used_nor_changed():
    np.random.seed(1)
    first = draw_split(count=5, progress=False)[0]
    after = np.random.random()
    np.random.seed(1)
    assert np.random.random() == after
    np.testing.assert_array_equal(first, draw_split(count=5, progress=False)[0])


def test_no_two_pictures_are_the_same_within_or_across_splits():
    pictures = [draw_split(train, count=200, progress=False)[0] for train in (True, False)]
    hashes = {hashlib.sha256(image.tobytes()).digest() for images in pictures for image in images}
    assert len(hashes) == 400
    assert (split_labels(True)[:1000] != split_labels(False)[:1000]).any()


def test_two_pictures_of_one_class_differ_widely():
    for label in range(10):
        first, second = (draw_image(label, np.random.default_rng(s), False) for s in (1, 2))
        assert np.abs(first.astype(float) - second).mean() > 3, CLASSES[label]


def test_grey_pictures_are_lit_on_black_and_not_blown_out(grey):
    images, labels = grey
    for label in range(10):
        mine = images[labels == label]
        assert (mine.max((1, 2)) > 60).mean() > 0.98, CLASSES[label]
        assert (mine == 0).mean() > 0.25, CLASSES[label]
        assert (mine == 255).mean() < 0.2, CLASSES[label]
        assert mine.mean((1, 2)).min() > 2, CLASSES[label]


def test_colour_pictures_have_colour_contrast_and_texture():
    images, _ = draw_split(colour=True, count=100, progress=False)
    floats = images.astype(float)
    assert floats.std((1, 2, 3)).min() > 5
    assert (floats.max(3) - floats.min(3)).mean() > 20
    assert (images == 255).mean() < 0.1
    assert floats[:, :3, :3].std((1, 2)).mean() > 3


def test_first_picture_is_a_boot_whose_toe_touches_the_left_edge(grey):
    boot = grey[0][0].astype(float)
    assert boot[14:, 0].max() > 60
    assert boot[:12, 0].max() == 0
    assert boot[4:12, 15:].mean() > 5 * boot[4:12, :8].mean()


@pytest.mark.parametrize("name", ["Sneaker", "Ankle boot"])
def test_shoes_point_left(grey, name):
    thickness = (of_class(grey, name) > 20).sum(1)
    assert (thickness[:, 14:22].mean(1) > thickness[:, 1:8].mean(1)).mean() > 0.9


def test_trousers_have_two_legs_with_a_gap(grey):
    low = of_class(grey, "Trouser")[:, 19:23].mean(1)
    gap, left, right = low[:, 10:18].min(1), low[:, :14].max(1), low[:, 14:].max(1)
    assert (gap < 0.5 * np.minimum(left, right)).mean() > 0.9


def test_sleeves_are_long_where_they_should_be(grey):
    lit = {name: of_class(grey, name) > 20 for name in ("T-shirt/top", "Pullover", "Coat")}
    width = {name: pictures[:, 17:21].any(1).sum(1).mean() for name, pictures in lit.items()}
    assert width["Pullover"] > width["T-shirt/top"] + 4
    assert width["Coat"] > width["T-shirt/top"] + 4


def test_sandals_have_holes_that_sneakers_lack(grey):
    def filled(name):
        lit = of_class(grey, name) > 10
        return lit.sum((1, 2)).mean() / lit.any(1).sum(1).mean()

    assert filled("Sandal") < 0.9 * filled("Sneaker")


@pytest.mark.parametrize("count", [0, -3, 2.0, "ten", True, 60_001])
def test_a_bad_count_is_named(count):
    with pytest.raises(ValueError, match="from 1 to 60000") as error:
        draw_split(count=count, progress=False)
    assert repr(count) in str(error.value)


def test_the_test_split_has_its_own_limit():
    with pytest.raises(ValueError, match=r"10001.*10000"):
        draw_split(train=False, count=10_001, progress=False)


def test_progress_is_shown_only_on_request(capsys):
    draw_split(count=2, progress=False)
    assert capsys.readouterr().err == ""
    draw_split(count=2)
    assert "drawing" in capsys.readouterr().err
