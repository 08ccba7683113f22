"""The figures show the pixels they were given, say what they show, and refuse the rest."""

import subprocess
import sys
from base64 import b64decode
from itertools import combinations

import matplotlib
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.pylabtools import select_figure_formats
from IPython.utils.capture import capture_output
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb
from PIL import Image

from tests.plots.seen import Shown
from utils import plots
from utils.plots import style

matplotlib.use("agg")
CLASSES = ["T-shirt/top", "Trouser", "Pullover"]


def grid(*args, **options):
    """Draw a grid, for tests that Hypothesis repeats; return what was shown."""
    with pytest.MonkeyPatch.context() as patch:
        collected = Shown()
        patch.setattr(style, "display", collected.display)
        plots.plot_grid(*args, **options)
    return collected


def assert_pixels(shown, expected):
    assert len(shown.pixels) == len(expected)
    for found, wanted in zip(shown.pixels, expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-6)
    for axis in shown.axes[: len(expected)]:
        assert axis.images[0].get_clim() == (0, 1)


# --- pixels

counts, sides = st.sampled_from([1, 2, 4, 5]), st.integers(4, 9)
# With a side of 1 or 3, or three in all, they could be read in two ways: these can be read in one.
grey_shapes, colour = st.tuples(counts, sides, sides), st.just(3)
colour_shapes = st.tuples(counts, sides, sides, colour)


def numbers(dtype, shapes):
    elements = {"uint8": None, "bool": None}.get(dtype, {"min_value": 0, "max_value": 1})
    return npst.arrays(dtype, shapes, elements=elements)


def in_unit_range(array):
    return array / 255 if array.dtype == np.uint8 else array.astype(float)


FORMS = {
    "array": lambda array: array,
    "tensor": torch.from_numpy,
    "list of arrays": list,
    "tuple of tensors": lambda array: tuple(torch.from_numpy(array)),
}
forms = st.sampled_from(sorted(FORMS))
every_type = pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "float16", "bool"])
drawn_often = settings(deadline=None, max_examples=8)


@every_type
@given(st.data(), forms)
@drawn_often
def test_grey_pictures_with_and_without_a_channel(dtype, data, form):
    array = data.draw(numbers(dtype, grey_shapes))
    images = array if data.draw(st.booleans()) else array[:, None]
    assert_pixels(grid(FORMS[form](images)), in_unit_range(array))


@every_type
@given(st.data(), forms)
@drawn_often
def test_colour_pictures_with_the_channel_first_or_last(dtype, data, form):
    array = data.draw(numbers(dtype, colour_shapes))
    first = data.draw(st.booleans())
    images = np.ascontiguousarray(array.transpose(0, 3, 1, 2)) if first else array
    assert_pixels(grid(FORMS[form](images)), in_unit_range(array))


finite = st.floats(-1e3, 1e3, width=32)


@given(npst.arrays("float32", grey_shapes, elements=finite), st.booleans())
@settings(deadline=None, max_examples=12)
def test_normalised_pictures_are_stretched_together(array, as_tensor):
    """The order of the pixels stays, across pictures too; the extremes become black and white."""
    array[0, 0, :2] = -2, 2
    images = torch.from_numpy(array) if as_tensor else array
    found = np.stack(grid(images).pixels)
    expected = np.interp(array.astype(float), [array.min(), array.max()], [0, 1])
    np.testing.assert_allclose(found, expected, atol=1e-6)


@given(npst.arrays("int8", grey_shapes))
@settings(deadline=None, max_examples=10)
def test_small_integers_do_not_overflow(array):
    array[0, 0, :2] = -128, 127
    expected = (array.astype(int) + 128) / 255
    np.testing.assert_allclose(np.stack(grid(array).pixels), expected, atol=1e-6)


def test_pictures_that_are_equal_everywhere_can_be_drawn(shown):
    plots.plot_grid(torch.full((2, 1, 4, 4), -7.0))
    assert_pixels(shown, np.zeros((2, 4, 4)))


def test_pil_images(shown):
    rng = np.random.default_rng(0)
    grey, colours = (
        rng.integers(0, 256, (5, 6), np.uint8),
        rng.integers(0, 256, (7, 8, 3), np.uint8),
    )
    plots.plot_grid([Image.fromarray(grey), Image.fromarray(colours)])
    assert_pixels(shown, [grey / 255, colours / 255])


def test_pictures_of_several_sizes_in_one_list(shown):
    images = [torch.rand(1, 5, 6), torch.rand(3, 8, 4), torch.rand(9, 9)]
    plots.plot_grid(images)
    assert_pixels(shown, [images[0][0], images[1].permute(1, 2, 0), images[2]])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_tensors_that_require_a_gradient(shown, dtype):
    images = torch.linspace(0, 1, 2 * 16, dtype=dtype).reshape(2, 1, 4, 4).requires_grad_()
    plots.plot_grid(images)
    assert_pixels(shown, images.detach()[:, 0].double())
    plots.plot_grid(list(images))
    assert_pixels(shown, images.detach()[:, 0].double())


def test_nested_lists_are_pictures_too(shown):
    plots.plot_grid([[[0, 1, 0], [1, 0, 1]]])
    assert_pixels(shown, [[[0, 1, 0], [1, 0, 1]]])


def test_what_was_passed_is_not_changed(shown):
    images = np.linspace(-1, 1, 32, dtype="float32").reshape(2, 4, 4)
    before = images.copy()
    plots.plot_grid(images)
    np.testing.assert_array_equal(images, before)


def test_views_are_drawn_as_they_read(shown):
    images = torch.arange(48).reshape(3, 4, 4).to(torch.uint8)
    plots.plot_grid(images[::2].transpose(1, 2))
    assert_pixels(shown, images[::2].transpose(1, 2) / 255)


# --- the grid


@given(st.integers(1, 30), st.none() | st.integers(1, 12))
@settings(deadline=None, max_examples=8)
def test_every_picture_has_a_place_and_empty_places_show_nothing(count, columns):
    shown = grid(np.zeros((count, 1, 2, 2)), columns=columns)
    across = shown.axes[0].get_gridspec().ncols
    down = shown.axes[0].get_gridspec().nrows
    assert len(shown.pixels) == count
    assert columns in (None, across)
    assert (down - 1) * across < count <= down * across
    assert not any(axis.axison for axis in shown.axes)
    assert not any(axis.has_data() for axis in shown.axes[count:])


@pytest.mark.parametrize("count", [1, 7, 30])
def test_a_grid_is_as_wide_as_a_notebook_and_captions_do_not_overlap(shown, count):
    plots.plot_grid(np.zeros((count, 28, 28)), [0] * count, [1] * count, ["Ankle boot", "Sandal"])
    [figure] = shown.figures
    assert figure.get_figwidth() == plots.WIDTH
    figure.draw_without_rendering()
    titles = [axis.title.get_window_extent() for axis in figure.axes[:count]]
    assert not any(a.overlaps(b) for a, b in combinations(titles, 2))
    assert min(axis.title.get_fontsize() for axis in figure.axes) >= 9


def test_a_title_stands_above_and_in_the_alternative_text(shown):
    plots.plot_grid(np.zeros((2, 4, 4)), title="Two dark pictures")
    assert shown.figures[0].get_suptitle() == "Two dark pictures"
    assert shown.alt.startswith("Two dark pictures")


# --- labels and predictions


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor, tuple])
def test_labels_are_named_above_and_in_the_alternative_text(shown, kind):
    plots.plot_grid(np.zeros((3, 4, 4)), labels=kind([2, 0, 1]), classes=CLASSES)
    names = ["Pullover", "T-shirt/top", "Trouser"]
    assert [axis.get_title() for axis in shown.axes[:3]] == names
    assert ", ".join(names) in shown.alt
    assert not any(axis.patches for axis in shown.axes)


def test_without_class_names_the_numbers_stand_above(shown):
    plots.plot_grid(np.zeros((2, 4, 4)), labels=[7, -1])
    assert [axis.get_title() for axis in shown.axes[:2]] == ["7", "-1"]
    assert "7, -1" in shown.alt


def test_captions_stand_above_and_in_the_alternative_text(shown):
    plots.plot_grid(np.zeros((2, 4, 4)), captions=["before", "after"])
    assert [axis.get_title() for axis in shown.axes[:2]] == ["before", "after"]
    assert "before, after" in shown.alt


def test_a_tab_in_a_caption_is_a_space(shown):
    """Fonts have no picture of it, so that a box would be drawn."""
    plots.plot_grid(np.zeros((1, 4, 4)), captions=["a\tb"], title="one\ttwo")
    assert shown.axes[0].get_title() == "a b"
    assert shown.figures[0].get_suptitle() == "one two"


@pytest.mark.parametrize(
    "wrong", [{"captions": ["one"]}, {"captions": ["a", "b"], "labels": [0, 1]}]
)
def test_captions_are_one_an_image_and_instead_of_labels(wrong, shown):
    with pytest.raises(ValueError, match="captions must be 2 texts"):
        plots.plot_grid(np.zeros((2, 4, 4)), **wrong)
    assert not shown.figures


def test_predictions_alone_are_neither_right_nor_wrong(shown):
    plots.plot_grid(np.zeros((2, 4, 4)), predictions=[0, 1], classes=CLASSES)
    assert [axis.get_title() for axis in shown.axes[:2]] == CLASSES[:2]
    assert not any(axis.patches for axis in shown.axes)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=6))
@settings(deadline=None, max_examples=15)
def test_wrong_predictions_and_no_others_are_crossed_and_framed(pairs):
    labels, predictions = zip(*pairs, strict=True)
    shown = grid(np.zeros((len(pairs), 4, 4)), labels, predictions, CLASSES)
    for axis, label, prediction in zip(shown.axes, labels, predictions, strict=False):
        title, is_wrong = axis.get_title(), label != prediction
        assert ("✗" in title) == is_wrong
        assert len(axis.patches) == is_wrong
        assert CLASSES[prediction] in title
        assert CLASSES[label] in title
        assert (f"{CLASSES[label]} taken for {CLASSES[prediction]}" in shown.alt) >= is_wrong


def test_a_frame_can_be_seen_without_colour(shown):
    plots.plot_grid(np.zeros((1, 4, 4)), [0], [1])
    [frame] = shown.axes[0].patches
    assert frame.get_linewidth() > 2
    assert frame.get_linestyle() not in ("-", "solid")
    assert not frame.get_fill()


def test_a_picture_as_light_as_the_page_has_a_frame(shown):
    white, on_white, dark = (np.full((8, 6), 255, np.uint8) for _ in range(3))
    on_white[3:6, 1:4], dark[:] = 0, 40
    plots.plot_grid([white, on_white, dark])
    framed = [axis.axison for axis in shown.axes]
    assert framed == [True, True, False, False]
    for axis in shown.axes[:2]:
        assert all(spine.get_visible() for spine in axis.spines.values())
        assert not len(axis.get_xticks()) and not len(axis.get_yticks())


def test_the_cross_is_a_glyph_of_the_font(shown, recwarn):
    plots.plot_grid(np.zeros((1, 4, 4)), [0], [1])
    shown.figures[0].draw_without_rendering()
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]


# --- refused

ONE, TWO = np.zeros((1, 4, 4)), np.zeros((2, 4, 4))
REFUSED_IMAGES = {
    "six channels": (np.zeros((2, 6, 8, 8)), ValueError, "1 or 3 channels"),
    "two channels last": (np.zeros((2, 8, 8, 2)), ValueError, "1 or 3 channels"),
    "three of something": (
        np.zeros((3, 28, 28)),
        ValueError,
        r"images\[None\] for one, images\[:, N",
    ),
    "one number": (3, ValueError, r"\(N, H, W\)"),
    "five axes": (np.zeros((1, 2, 3, 4, 5)), ValueError, r"\(N, C, H, W\)"),
    "no pictures": (np.zeros((0, 28, 28)), ValueError, "at least one"),
    "an empty list": ([], ValueError, "at least one"),
    "pictures without pixels": (np.zeros((2, 0, 28)), ValueError, r"expected \(H, W\)"),
    "NaN": (np.full((1, 4, 4), np.nan), ValueError, "NaN"),
    "infinity": (torch.full((1, 4, 4), torch.inf), ValueError, "infinite"),
    "NaN in a list": ([ONE[0], torch.full((4, 4), torch.nan)], ValueError, r"images\[1\]"),
    "a text": ("boot.png", TypeError, "must hold numbers, got str"),
    "texts": (["boot.png"], TypeError, r"images\[0\] must hold numbers, got str"),
    "None": (None, TypeError, "got NoneType"),
    "complex numbers": (ONE.astype(complex), TypeError, "complex128"),
    "a generator": ((image for image in TWO), TypeError, "got generator"),
    "samples of a dataset": ([(Image.new("L", (8, 8)), 3)], TypeError, r"images\[0\] must be"),
    "lines of unequal length": ([[[1, 2], [3]]], TypeError, "differ in shape"),
    "a flat picture in a list": ([np.zeros(784)], ValueError, r"\(784,\); expected \(H, W\)"),
    "too many": (np.zeros((201, 2, 2)), ValueError, "at most 200"),
}


@pytest.mark.parametrize("case", REFUSED_IMAGES)
def test_what_is_no_stack_of_pictures_is_refused(case, shown):
    images, error, message = REFUSED_IMAGES[case]
    with pytest.raises(error, match=message):
        plots.plot_grid(images)
    assert not shown.figures


REFUSED_NUMBERS = {
    "too few": ([0], ValueError, "must be 2 integers"),
    "too many": ([0, 1, 2], ValueError, "must be 2 integers"),
    "none": ([], ValueError, "must be 2 integers"),
    "a column": ([[0], [1]], ValueError, r"of shape \(2, 1\)"),
    "one number": (0, ValueError, r"of shape \(\)"),
    "too large": ([0, 3], ValueError, "holds 3; with 3 classes expected 0 to 2"),
    "negative": (torch.tensor([-1, 0]), ValueError, "holds -1; with 3 classes expected 0 to 2"),
    "floats": ([0.0, 1.0], ValueError, "must be 2 integers, one an image; got float64"),
    "logits": (torch.rand(2, 10), ValueError, r"float32 of shape \(2, 10\)"),
    "bools": ([True, False], ValueError, "got bool"),
    "names": (["Trouser", "Pullover"], TypeError, "must hold numbers"),
}


@pytest.mark.parametrize("name", ["labels", "predictions"])
@pytest.mark.parametrize("case", REFUSED_NUMBERS)
def test_labels_and_predictions_that_do_not_fit_are_refused(case, name, shown):
    numbers, error, message = REFUSED_NUMBERS[case]
    with pytest.raises(error, match=f"^{name} .*{message}"):
        plots.plot_grid(TWO, **{name: numbers}, classes=CLASSES)
    assert not shown.figures


@pytest.mark.parametrize("columns", [0, -1, 2.0, "3", True])
def test_columns_are_a_positive_integer(columns, shown):
    with pytest.raises(ValueError, match="columns must be a positive integer") as error:
        plots.plot_grid(TWO, columns=columns)
    assert repr(columns) in str(error.value)


# --- bars


@given(st.lists(st.integers(0, 5), min_size=1, max_size=50))
@settings(deadline=None, max_examples=15)
def test_bars_are_as_long_as_labels_are_frequent(labels):
    shown, names = Shown(), list("abcdef")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(style, "display", shown.display)
        plots.plot_class_counts(torch.tensor(labels), names)
    [axis] = shown.axes
    counts = [labels.count(label) for label in range(6)]
    assert [bar.get_width() for bar in axis.patches] == counts
    assert [tick.get_text() for tick in axis.get_yticklabels()] == names
    assert all(f"{name} {count}" in shown.alt for name, count in zip(names, counts, strict=True))


def test_bars_bear_their_numbers_and_the_axis_its_unit(shown):
    plots.plot_class_counts([0] * 6_000 + [1] * 12, ["shirt", "bag"], title="Unbalanced")
    [axis] = shown.axes
    assert {text.get_text() for text in axis.texts} == {"6,000", "12"}
    assert axis.get_xlabel() == "images"
    assert axis.get_title() == "Unbalanced"
    assert shown.alt == "Unbalanced: shirt 6,000, bag 12"
    first, second = (bar.get_window_extent() for bar in axis.patches)
    assert first.y0 > second.y1  # read from the top


REFUSED_COUNTS = {
    "nothing": ([], ValueError, "at least one integer"),
    "a table": ([[0, 1]], ValueError, r"got shape \(1, 2\)"),
    "one number": (3, ValueError, "at least one integer"),
    "floats": ([0.0, 1.0], ValueError, "integers"),
    "names": (["bag"], TypeError, "must hold numbers"),
    "too large": ([0, 3], ValueError, "expected 0 to 2"),
    "negative": ([0, -1], ValueError, "holds -1"),
}


@pytest.mark.parametrize("case", REFUSED_COUNTS)
def test_what_cannot_be_counted_is_refused(case, shown):
    labels, error, message = REFUSED_COUNTS[case]
    with pytest.raises(error, match=message):
        plots.plot_class_counts(labels, CLASSES)
    assert not shown.figures


def test_negative_labels_are_refused_without_class_names_too(shown):
    with pytest.raises(ValueError, match="counted from 0, got -1"):
        plots.plot_class_counts([0, -1])


# --- show, and the style


def test_what_a_notebook_stores_is_a_picture_with_its_alternative_text():
    """The whole way, through IPython's own display: what the file of a notebook will hold."""
    shell = InteractiveShell.instance()
    select_figure_formats(shell, {"png"})
    with capture_output() as captured:
        plots.plot_grid(TWO, labels=[0, 1], classes=CLASSES)
    InteractiveShell.clear_instance()
    [output] = captured.outputs
    assert b64decode(output.data["image/png"]).startswith(b"\x89PNG")
    assert output.metadata["image/png"]["alt"].endswith("T-shirt/top, Trouser")


def test_a_figure_is_displayed_once_and_closed(shown):
    figure = plt.figure()
    plots.show(figure, "An empty figure")
    assert shown.figures == [figure]
    assert shown.metadata == [{"image/png": {"alt": "An empty figure"}}]
    assert not plt.fignum_exists(figure.number)


@pytest.mark.parametrize("alt", ["", "  \n", None, 3])
def test_a_figure_without_words_is_refused(alt, shown):
    with pytest.raises(ValueError, match="alt must say in words") as error:
        plots.show(plt.figure(), alt)
    plt.close("all")
    assert repr(alt) in str(error.value)
    assert not shown.figures


def luminance(colour):
    """Relative luminance as WCAG 2 defines it."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_as_many_colours_as_markers():
    """A sixth line in the first one's colour was taken for it."""
    colours = [line["color"] for line in style.STYLE["axes.prop_cycle"]]
    assert len(set(colours)) == len(colours) == 7


def test_any_two_lines_differ_without_colour():
    for one, other in combinations(style.STYLE["axes.prop_cycle"], 2):
        assert (
            one["linestyle"] != other["linestyle"] or contrast(one["color"], other["color"]) > 3
        ), (one, other)


def test_every_colour_can_be_read_on_white_at_the_size_of_a_figure():
    for line in style.STYLE["axes.prop_cycle"]:
        assert contrast(line["color"], "white") > 3, line
    assert contrast(plots.RED, "white") > 4.5  # small text: the caption of a wrong prediction


def test_importing_sets_the_style():
    """In another process, since this one has imported everything."""
    program = (
        "import utils.plots as p, matplotlib;"
        "print(all(matplotlib.rcParams[key] == value for key, value in p.style.STYLE.items()))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.stdout == "True\n", answer.stderr
