"""The convolutions drawn are PyTorch's, what is written sums up, and the sliders tell the truth."""

import re
from base64 import b64decode
from io import BytesIO
from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from utils import plots
from utils.plots import cells, explorer, windows

NOTES = [[1, 2, 0, 3, 1], [0, 1, 2, 3, 1], [1, 2, 1, 0, 0], [5, 2, 3, 1, 1], [2, 1, 0, 1, 1]]
KERNEL = [[1, 2, 1], [0, 1, 0], [2, 1, 0]]
NAMES = ("size", "kernel_size", "stride", "padding", "dilation", "transposed", "output_padding")
# size, kernel_size, stride, padding, dilation, transposed, output_padding → output
CASES = {
    "no padding": ((4, 3), 2),
    "arbitrary padding": ((5, 4, 1, 2), 6),
    "half padding": ((5, 3, 1, 1), 5),
    "full padding": ((4, 3, 1, 2), 6),
    "strides": ((5, 3, 2), 2),
    "padding and strides": ((5, 3, 2, 1), 3),
    "odd": ((6, 3, 2, 1), 3),
    "dilated": ((7, 3, 1, 0, 2), 3),
    "transposed, no padding": ((2, 3, 1, 0, 1, True), 4),
    "transposed, arbitrary padding": ((6, 4, 1, 2, 1, True), 5),
    "transposed, half padding": ((5, 3, 1, 1, 1, True), 5),
    "transposed, full padding": ((6, 3, 1, 2, 1, True), 4),
    "transposed, strides": ((2, 3, 2, 0, 1, True), 5),
    "transposed, padding and strides": ((3, 3, 2, 1, 1, True), 5),
    "transposed, odd": ((3, 3, 2, 1, 1, True, 1), 6),
}
# 36 steps with all their numbers take more than 150 KB, and are refused
WITH_NUMBERS = [name for name in CASES if "full" not in name and "arbitrary" not in name]
OPTIONS = {name: dict(zip(NAMES, values, strict=False)) for name, (values, _) in CASES.items()}


class Shown:
    """Collects what would be displayed."""

    def __init__(self):
        self.bundles, self.metadata = [], []

    def display(self, bundle, raw, metadata):
        assert raw
        self.bundles.append(bundle)
        self.metadata.append(metadata)

    @property
    def data(self):
        return b64decode(self.bundles[-1]["image/png"])

    @property
    def image(self):
        return Image.open(BytesIO(self.data))

    @property
    def alt(self):
        return self.metadata[-1]["image/png"]["alt"]


@pytest.fixture
def shown(monkeypatch):
    collected = Shown()
    monkeypatch.setattr(cells, "display", collected.display)
    return collected


def assert_animation(shown, frames):
    assert shown.data.startswith(b"GIF89a")
    assert len(shown.data) < 150_000
    assert shown.image.n_frames == frames
    assert shown.image.info.get("loop", 0 if frames == 1 else None) == 0
    image = shown.image
    for frame in range(frames):
        image.seek(frame)
        image.load()
        assert image.info["duration"] >= 1500 or frame < frames - 1 or frames == 1


# --- numbers

numbers = st.integers(-9, 9) | st.floats(-9, 9, width=32)


@st.composite
def legal_cases(draw):
    """Arguments for which PyTorch computes a convolution."""
    high, wide, tall, broad = (draw(st.integers(1, side)) for side in (6, 6, 3, 3))
    cells_of = {"min_size": high * wide, "max_size": high * wide}
    image = torch.tensor(draw(st.lists(numbers, **cells_of)), dtype=torch.float64)
    weights = draw(st.lists(numbers, min_size=tall * broad, max_size=tall * broad))
    kernel = torch.tensor(weights, dtype=torch.float64).view(tall, broad)
    pairs = [draw(st.tuples(part, part)) for part in (st.integers(1, 3), st.integers(0, 2))]
    pairs.append(draw(st.tuples(st.integers(1, 2), st.integers(1, 2))))
    transposed = draw(st.booleans())
    extra = draw(st.tuples(st.integers(0, 1), st.integers(0, 1))) if transposed else (0, 0)
    return image.view(high, wide), kernel, *pairs, transposed, extra


def by_torch(image, kernel, stride, padding, dilation, transposed, extra):
    image, kernel = image[None, None], kernel[None, None]
    if transposed:
        return F.conv_transpose2d(image, kernel, None, stride, padding, extra, 1, dilation)[0, 0]
    return F.conv2d(image, kernel, None, stride, padding, dilation)[0, 0]


@given(legal_cases())
@settings(deadline=None, max_examples=60)
def test_products_sum_to_what_torch_computes(arguments):
    try:
        expected = by_torch(*arguments)
    except RuntimeError:
        with pytest.raises(ValueError, match="no such convolution"):
            windows.convolve(*arguments)
        return
    case = windows.convolve(*arguments)
    large = torch.zeros(case.shapes[1], dtype=torch.float64)
    sums = []
    for index in range(case.steps):
        pairs = windows.products(case, index)
        sums.append(sum(a * b for a, b in pairs))
        if case.transposed:
            for place, (a, b) in zip(windows.places(case, index), pairs, strict=True):
                large[place] += a * b
            torch.testing.assert_close(large, torch.tensor(case.large[index], dtype=large.dtype))
    (down, right), (rows, columns) = case.padding, large.shape
    kept = large[down : rows - down, right : columns - right]
    found = kept if case.transposed else torch.tensor(sums, dtype=large.dtype).view_as(expected)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(torch.tensor(case.output, dtype=large.dtype), expected)


def value_of(term):
    """Compute a written product, by Python."""
    return eval(term.replace(windows.MINUS, "-").replace("·", "*"))


@pytest.mark.parametrize("padding", [0, 1])
def test_written_sums_are_true(padding):
    signed = [[1, -2, 1], [0, 1, 0], [-2, 1, 0]]
    case = windows.convolve(NOTES, signed, 1, padding)
    expected = F.conv2d(
        torch.tensor(NOTES)[None, None], torch.tensor(signed)[None, None], None, 1, padding
    )
    for index, value in enumerate(expected.flatten().tolist()):
        left, right = " ".join(windows.written(case, index)).split(" = ")
        assert len(left.split(" + ")) == 9
        assert f"·({windows.MINUS}2)" in left
        assert value_of(left) == value_of(right) == value


def test_written_products_of_a_transposed_convolution_are_true():
    case = windows.convolve(NOTES, [[1, -2], [3, 0]], 2, transposed=True)
    for index, pixel in enumerate(value for row in NOTES for value in row):
        terms = " ".join(windows.written(case, index)).split(", ")
        pairs = [[value_of(side) for side in term.split(" = ")] for term in terms]
        assert pairs == [[pixel * weight] * 2 for weight in (1, -2, 3, 0)]


@pytest.mark.parametrize(
    "value, text",
    [(3.0, "3"), (-3, "-3"), (0.0, "0"), (-0.0, "0"), (-0.001, "-0.001"), (2.5, "2.5"),
     (1 / 3, "0.33"), (-13.166, "-13.17"), (100.0, "100"), (0.0312, "0.031"), (0.999, "1")],
)  # fmt: skip
def test_numbers_are_written_short(value, text):
    assert windows.number(value) == text.replace("-", windows.MINUS)


# --- one convolution


def test_the_example_of_the_notes(shown):
    plots.animate_convolution(NOTES, KERNEL)
    assert_animation(shown, 9)
    assert "Output: 10 12 12; 18 16 16; 13 9 3." in shown.alt
    assert "kernel 3×3, stride 1, padding 0, dilation 1: 5×5 → 3×3" in shown.alt
    assert shown.bundles[-1]["text/plain"] == f"<animation: {shown.alt}>"
    assert shown.metadata[-1]["image/png"]["width"] == shown.image.width
    assert shown.image.width == 760


@pytest.mark.parametrize("name", WITH_NUMBERS)
def test_each_case_as_numbers(name, shown):
    size, kernel_size, *rest = CASES[name][0]
    options = dict(zip(NAMES[2:], rest, strict=False))
    image = torch.arange(size**2).view(size, size) % 10
    plots.animate_convolution(
        image, torch.arange(kernel_size**2).view(kernel_size, -1) % 3, **options
    )
    output = CASES[name][1]
    assert f"→ {output}×{output}." in shown.alt
    assert_animation(shown, (size if options.get("transposed") else output) ** 2)


@pytest.mark.parametrize("kind", [list, torch.tensor, lambda rows: torch.tensor(rows).numpy()])
def test_the_same_bytes_from_lists_tensors_and_arrays_each_time(kind, shown):
    for _ in range(2):
        plots.animate_convolution(kind(KERNEL), kind([[1, 2]]), 2, title="Again")
    plots.animate_convolution(KERNEL, [[1, 2]], stride=(2, 2), title="Again")
    assert shown.bundles[0] == shown.bundles[1] == shown.bundles[2]
    assert shown.alt.startswith("Again: ")


def test_frames_differ_where_the_window_and_the_sum_are(shown):
    plots.animate_convolution(NOTES, KERNEL)
    frames = []
    for index in range(9):
        image = shown.image
        image.seek(index)
        frames.append(image.convert("RGB").tobytes())
    assert len(set(frames)) == 9


def test_steps_for_print_are_a_still_picture_of_the_notebooks_width(shown):
    plots.plot_convolution_steps(NOTES, KERNEL)
    assert shown.data.startswith(b"\x89PNG")
    assert shown.image.width == 950
    assert shown.alt.startswith("Steps 1, 4, 6, 9 of 9 of a convolution")
    assert "10 12 12; 18 16 16; 13 9 3" in shown.alt
    plots.plot_convolution_steps(NOTES, KERNEL)
    assert shown.bundles[0] == shown.bundles[1]


@pytest.mark.parametrize("steps, numbers", [(1, "1"), (2, "1, 4"), (8, "1, 2, 3, 4")])
def test_at_most_as_many_steps_as_there_are(steps, numbers, shown):
    plots.plot_convolution_steps([[1, 2], [3, 4]], [[2]], steps=steps)
    assert shown.alt.startswith(f"Steps {numbers} of 4")


ONE = [[1]]
REFUSED = {
    "a row": (([1, 2], ONE), r"image has shape \(2,\); expected \(H, W\)"),
    "a channel": ((torch.ones(1, 3, 3), ONE), r"image has shape \(1, 3, 3\)"),
    "an empty kernel": ((NOTES, [[]]), r"kernel has shape \(1, 0\)"),
    "unequal rows": (([[1, 2], [3]], ONE), "image must be rows of numbers, got"),
    "a text": ((NOTES, "box"), "kernel must be rows of numbers, got 'box'"),
    "NaN": (([[float("nan")]], ONE), "image holds NaN"),
    "stride 0": ((NOTES, KERNEL, 0), "stride must be an integer of at least 1.*got 0"),
    "padding below 0": ((NOTES, KERNEL, 1, -1), "padding must be .* at least 0.*got -1"),
    "half a dilation": ((NOTES, KERNEL, 1, 0, 0.5), "dilation must be .*got 0.5"),
    "three strides": ((NOTES, KERNEL, (1, 1, 1)), r"stride must be .*got \(1, 1, 1\)"),
    "a truth": ((NOTES, KERNEL, True), "stride must be .*got True"),
    "a large kernel": ((ONE, KERNEL), "Add padding.*Kernel size can't be greater"),
    "output_padding": ((NOTES, KERNEL, 1, 0, 1, False, 1), "transposed=True only; leave it out"),
    "too much of it": ((ONE, KERNEL, 1, 0, 1, True, 1), "output_padding below stride"),
    "all cut off": ((ONE, KERNEL, 1, 2, 1, True), "Choose less padding"),
    "a wide image": ((torch.ones(1, 11), ONE), r"padded input is 1.11; at most 10.*smaller"),
    "a wide output": ((torch.ones(1, 4), ONE, 4, 0, 1, True), "output before it is cut is 1.13"),
    "many weights": ((torch.ones(6, 6), torch.ones(6, 6)), "36 weights; at most 25"),
    "many steps": ((torch.ones(7, 7), ONE), "49 steps are too many.*larger stride"),
}


@pytest.mark.parametrize("draw", [plots.animate_convolution, plots.plot_convolution_steps])
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_drawn_is_refused(case, draw, shown):
    arguments, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        draw(*arguments)
    assert not shown.bundles


@pytest.mark.parametrize("steps", [0, 9, 2.0, True, "4"])
def test_steps_are_a_small_integer(steps, shown):
    with pytest.raises(ValueError, match="steps must be an integer from 1 to 8") as error:
        plots.plot_convolution_steps(NOTES, KERNEL, steps=steps)
    assert repr(steps) in str(error.value)


def test_an_animation_too_large_for_a_notebook_is_refused(shown, monkeypatch):
    monkeypatch.setattr(cells, "LARGEST", 1000)
    with pytest.raises(ValueError, match="at most 1,000 are allowed; pass fewer cases"):
        plots.animate_convolution([[1, 2], [3, 4]], [[1]])
    assert not shown.bundles


# --- several


@pytest.mark.parametrize("transposed", [False, True])
def test_the_known_cases_together(transposed, shown):
    chosen = {n: o for n, o in OPTIONS.items() if o.get("transposed", False) == transposed}
    plots.animate_cases(chosen)
    assert_animation(shown, 36)
    # the highest of each row are 9 + 6 and 8 + 3 cells of 16 pixels
    assert shown.image.size == (760, 80 + (240 + 104) + (176 + 104))
    for name in chosen:
        size, output = CASES[name][0][0], CASES[name][1]
        assert f"{name}: input {size} → output {output}" in shown.alt


@pytest.mark.parametrize("name", CASES)
def test_each_case_alone(name, shown):
    plots.animate_cases({name: OPTIONS[name]}, title="One")
    (size, *_), output = CASES[name]
    assert_animation(shown, (size if "transposed" in name else output) ** 2)
    assert shown.alt.startswith("One: Animation of 1 convolution")


def test_film_strips_show_four_moments_of_each_case(shown):
    plots.plot_cases({"a": OPTIONS["strides"], "b": {"size": 4, "kernel_size": 4}}, title="Two")
    assert "input 5 → output 2; b: input 4 → output 1" in shown.alt
    assert shown.image.size == (760, 80 + (112 + 104) + (80 + 104))
    below = np.asarray(shown.image.convert("L"))[80 + 112 + 104 :, 190:]
    assert (below == 255).all()


def test_cases_give_the_same_bytes_each_time(shown):
    for _ in range(2):
        plots.animate_cases({"a": OPTIONS["strides"], "b": OPTIONS["transposed, odd"]})
    assert shown.bundles[0] == shown.bundles[1]


@pytest.mark.parametrize(
    "cases, message",
    [
        ({}, "1 to 12 cases by name, got 0"),
        ([1], "got list"),
        ({str(n): OPTIONS["strides"] for n in range(13)}, "got 13"),
        ({"a": {"size": 3}}, "case 'a' is .*size and kernel_size from"),
        ({"a": {"size": 3, "kernel_size": 3, "strides": 1}}, "case 'a' is .*expected a dict"),
        ({"a": {"size": 13, "kernel_size": 3}}, "'size': 13.*size and kernel_size from 1 to 12"),
        ({"a": {"size": 3, "kernel_size": 5}}, "case 'a': there is no such.*Add padding"),
        ({"a": {"size": 12, "kernel_size": 1}}, "case 'a' has 144 steps on 12 rows.*36 on 12"),
        ({"a": {"size": 5, "kernel_size": 9, "padding": 4}}, "25 steps on 13 rows.*smaller"),
        ({"a": {"size": 7, "kernel_size": 1}}, "case 'a' has 49 steps on 7 rows, more than 36"),
    ],
)
def test_cases_that_cannot_be_drawn_are_refused(cases, message, shown):
    with pytest.raises(ValueError, match=message):
        plots.animate_cases(cases)
    assert not shown.bundles


# --- the explorer

DEFAULT = {"size": 7, "kernel_size": 3, "stride": 1, "padding": 0, "dilation": 1}
ALL = [range(low, high + 1) for low, high in explorer.RANGES.values()]


def outputs_by_torch(size, kernel_size, stride, padding, dilation):
    line, kernel = (
        torch.empty(1, 1, size, device="meta"),
        torch.empty(1, 1, kernel_size, device="meta"),
    )
    try:
        return F.conv1d(line, kernel, None, stride, padding, dilation).shape[-1]
    except RuntimeError:
        return None


def test_the_formula_gives_what_torch_gives_wherever_the_sliders_stand():
    for values in product(*ALL):
        output, formula, *words = explorer.describe(*values)
        assert output == outputs_by_torch(*values), values
        if output is None:
            assert "has no meaning here" in formula
            assert "fits nowhere" in words[0]
        else:
            inside, by, after = re.fullmatch(r"⌊\((.+)\) / (\d)⌋ \+ 1 = (\d+)", formula).groups()
            assert value_of(inside) // int(by) + 1 == int(after) == output
            assert ("(" in inside) == (values[-1] > 1)  # the short formula without dilation


@given(st.tuples(*(st.sampled_from(values) for values in ALL)))
@settings(deadline=None, max_examples=80)
def test_pixels_never_seen_have_no_gradient(values):
    """A pixel no window sees does not influence the output."""
    size, kernel_size, *rest = values
    assume(outputs_by_torch(*values))
    image = torch.zeros(1, 1, size, size, requires_grad=True)
    F.conv2d(image, torch.ones(1, 1, kernel_size, kernel_size), None, *rest).sum().backward()
    blind = image.grad[0, 0] == 0
    end, between = explorer.unseen(*values)
    never = torch.zeros(size, dtype=torch.bool)
    never[end + between] = True
    assert torch.equal(blind, never[:, None] | never)
    words = explorer.describe(*values)[-1]
    total = re.search(r"Together (\d+) of", words)
    assert int(total[1]) == blind.sum() if total else words == "Every pixel is seen."


def test_rows_left_over_are_counted_where_they_lie():
    words = explorer.describe(8, 3, 3)[-1]
    assert "2 rows and 2 columns below and on the right" in words
    assert "28 of 64" in words
    assert "1 row and 1 column in between" in explorer.describe(4, 1, 2)[-1]


@given(st.tuples(*(st.sampled_from(values) for values in ALL)))
@settings(deadline=None, max_examples=50)
def test_the_remedies_for_a_kernel_too_wide_help(values):
    assume(outputs_by_torch(*values) is None)
    words = explorer.describe(*values)[2]
    given = dict(zip(explorer.RANGES, values, strict=True))
    ways = {"kernel_size": 1}
    ways |= {name: given[name] + int(by) for by, name in re.findall(r"add (\d+) to (\w+)", words)}
    ways |= {"dilation": 1} if "smaller dilation" in words else {}
    assert "smaller kernel_size" in words
    for name, value in ways.items():
        low, high = explorer.RANGES[name]
        assert low <= value <= high
        assert outputs_by_torch(**given | {name: value}), (name, value)


def test_as_many_remedies_as_there_are():
    words = explorer.describe(7, 3, 1, 0, 4)[2]
    assert "add 1 to padding, or add 2 to size, or choose a smaller dilation, or" in words
    assert "add" not in explorer.describe(3, 7, 1, 1, 4)[2].split("To mend")[1].replace("padd", "")


def parts(box):
    columns, play, text, image = box.children
    sliders = {each.description: each for half in columns.children for each in half.children}
    return sliders, play, text, image


def shown_by(image):
    """The picture in the page's words, and its alternative text."""
    data, alt = re.search('base64,(.+)" alt="([^"]+)"', image.value).groups()
    return b64decode(data), alt


def test_every_slider_changes_the_picture_and_the_words():
    sliders, _, text, image = parts(explorer.build(DEFAULT))
    assert set(sliders) == {*DEFAULT, "window"}
    for name in DEFAULT:
        before = *shown_by(image), text.value
        sliders[name].value += 1
        after = *shown_by(image), text.value
        assert all(a != b for a, b in zip(after, before, strict=True)), name
        now = {name: sliders[name].value for name in DEFAULT}
        output, *lines = explorer.describe(**now)
        assert text.value.split("<br>") == lines
        assert f"= {output}" in text.value
        assert sliders["window"].max == output**2
        picture, alt = shown_by(image)
        assert picture == explorer.picture(now, sliders["window"].value - 1, [])
        assert alt.endswith(" ".join(lines))


def test_the_window_slider_moves_the_window_and_stays_in_range():
    sliders, play, text, image = parts(explorer.build(DEFAULT))
    first, words = image.value, text.value
    sliders["window"].value = 25
    assert image.value != first
    assert text.value == words
    sliders["size"].value = 4
    assert (sliders["window"].max, sliders["window"].value, play.max) == (4, 4, 4)
    assert Image.open(BytesIO(shown_by(image)[0])).format == "PNG"


def test_impossible_settings_explain_themselves_and_can_be_left_again():
    sliders, _, text, image = parts(explorer.build(DEFAULT))
    first = image.value
    sliders["dilation"].value = 4
    assert "The kernel spans 9 pixels, the padded input has 7" in text.value
    assert sliders["window"].max == 1
    sliders["dilation"].value = 1
    assert image.value == first


@pytest.mark.parametrize("values", [DEFAULT, DEFAULT | {"dilation": 4}])
def test_one_bundle_holds_the_widget_and_a_still_picture(values, shown, capsys, recwarn):
    for _ in range(2):
        plots.explore_convolution(**values)
    first, second = shown.bundles
    assert set(first) == {explorer.VIEW, "image/png", "text/plain"}
    assert first[explorer.VIEW]["version_major"] == 2
    assert first[explorer.VIEW]["model_id"] != second[explorer.VIEW]["model_id"]
    assert first["text/plain"] == second["text/plain"]
    assert first["image/png"] == second["image/png"]
    assert shown.image.format == "PNG"
    assert explorer.describe(**values)[1] in shown.alt
    assert capsys.readouterr() == ("", "")
    assert not recwarn.list


@pytest.mark.parametrize("name", DEFAULT)
@pytest.mark.parametrize("value", [-1, 13, 2.0, True, "3"])
def test_arguments_beyond_the_sliders_are_refused(name, value, shown):
    low, high = explorer.RANGES[name]
    with pytest.raises(ValueError, match=f"{name} must be an integer from {low} to {high}, got"):
        plots.explore_convolution(**{name: value})
    assert not shown.bundles


@pytest.mark.parametrize("values", [[values[-1] for values in ALL], [values[0] for values in ALL]])
def test_the_picture_is_as_large_at_the_ends_of_the_sliders(values):
    now = dict(zip(explorer.RANGES, values, strict=True))
    drawn = Image.open(BytesIO(explorer.picture(now, 0, [])))
    assert drawn.size == (explorer.WIDTH, explorer.HEIGHT)
