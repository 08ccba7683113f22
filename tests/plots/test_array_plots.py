"""The drawings of small tensors show their numbers, and where these lie in memory."""

import numpy as np
import pytest
import torch
from matplotlib.colors import same_color
from matplotlib.patches import Rectangle

from utils import plots
from utils.plots import memory, style

TWELVE = torch.arange(12).reshape(3, 4)


@pytest.fixture
def shown(monkeypatch):
    """Return a function that draws, and gives the figure's axes and its alternative text."""
    figures = []

    def display(figure, metadata):
        figures.append((figure.axes, metadata["image/png"]["alt"]))

    monkeypatch.setattr(style, "display", display)

    def draw(function, *args):
        function(*args)
        return figures[-1]

    return draw


def texts(axis):
    return [text.get_text() for text in axis.texts if text.get_text()]


def numbers(axis):
    """Return the numbers in cells with their column and row on the canvas, from the left."""
    return {
        (round(text.get_position()[0], 2), round(text.get_position()[1], 2)): float(text.get_text())
        for text in axis.texts
        if text.get_ha() == "center" and text.get_text().lstrip("-").replace(".", "").isdigit()
    }


def frames(axis):
    wide = [p for p in axis.patches if isinstance(p, Rectangle) and p.get_linewidth() == 3]
    return [p.get_xy() for p in wide]


# --- numbers over pixels


def test_each_pixel_of_the_part_bears_its_number(shown):
    image = torch.arange(20 * 30).reshape(20, 30) % 256
    (whole, part), alt = shown(plots.plot_numbers, image, (4, 7), (10, 15))
    assert np.array_equal(whole.images[0].get_array(), image)
    assert np.array_equal(part.images[0].get_array(), image[4:7, 10:15])
    assert [int(text) for text in texts(part)] == image[4:7, 10:15].flatten().tolist()
    assert [p.get_xy() for p in whole.patches] == [(9.5, 3.5)]
    assert "rows 4 to 6 and columns 10 to 14" in alt


def test_numbers_are_readable_on_dark_and_on_bright(shown):
    (_, part), _ = shown(plots.plot_numbers, torch.tensor([[0, 255]]), (0, 1), (0, 2))
    dark, bright = part.texts
    assert same_color(dark.get_color(), "white")
    assert same_color(bright.get_color(), "black")


@pytest.mark.parametrize(
    ("image", "rows", "columns", "message"),
    [
        (torch.zeros(1, 5, 5), (0, 2), (0, 2), r"must have shape \(H, W\), got \(1, 5, 5\)"),
        (torch.zeros(5, 5), (0, 6), (0, 2), "rows 0 to 6 are not inside 0 to 5"),
        (torch.zeros(5, 5), (0, 2), (2, 2), "columns 2 to 2 are not inside"),
        (torch.zeros(5, 28), (0, 2), (0, 20), "more than 14 cells"),
    ],
)
def test_what_cannot_be_numbered_is_refused(image, rows, columns, message):
    with pytest.raises(ValueError, match=message):
        plots.plot_numbers(image, rows, columns)


# --- broadcasting


def test_broadcasting_shows_both_stretched_and_their_sum(shown):
    column, row = torch.tensor([[0], [10], [20]]), torch.tensor([1, 2, 3, 4])
    [axis], alt = shown(plots.plot_broadcast, column, row)
    found = [
        number for _, number in sorted(numbers(axis).items(), key=lambda p: (p[0][1], p[0][0]))
    ]
    expected = torch.cat([*torch.broadcast_tensors(column, row), column + row], dim=1)
    assert found == expected.flatten().tolist()
    hatched = [patch for patch in axis.patches if patch.get_hatch()]
    assert len(hatched) == 3 * 3 + 2 * 4
    assert str((column + row).tolist()) in alt


def test_nothing_is_hatched_where_shapes_agree(shown):
    [axis], _ = shown(plots.plot_broadcast, torch.ones(2, 3), torch.ones(2, 3))
    assert not [patch for patch in axis.patches if patch.get_hatch()]


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (torch.ones(3), torch.ones(4), r"\(3,\) and \(4,\) do not broadcast"),
        (torch.ones(1, 2, 3), torch.ones(3), "a must hold numbers along 1 or 2 axes"),
        (torch.ones(3), "three", "b must hold numbers"),
        (torch.ones(15), torch.ones(1), "more than 14 cells"),
    ],
)
def test_what_does_not_broadcast_is_refused(a, b, message):
    with pytest.raises(ValueError, match=message):
        plots.plot_broadcast(a, b)


# --- stack and cat


def test_stack_and_cat_hold_the_parts(shown):
    first, second = TWELVE[:2], TWELVE[:2] + 100
    [axis], alt = shown(plots.plot_stack_and_cat, [first, second])
    places = numbers(axis)
    written = [int(text) for text in texts(axis) if text.isdigit()]
    assert sorted(written) == sorted(3 * torch.cat([first, second]).flatten().tolist())
    joined = sorted((y, x, n) for (x, y), n in places.items() if x > 2 * 4 + 4)
    assert [n for *_, n in joined] == torch.cat([first, second]).flatten().tolist()
    for shape in (torch.stack([first, second]).shape, torch.cat([first, second]).shape):
        assert str(tuple(shape)) in texts(axis)
        assert str(tuple(shape)) in alt


def test_the_first_sheet_of_a_stack_lies_in_front(shown):
    [axis], _ = shown(plots.plot_stack_and_cat, [torch.zeros(2, 2), torch.ones(2, 2)])
    layers = {float(text.get_text()): text.get_zorder() for text in axis.texts
              if text.get_text() in "01" and 4 < text.get_position()[0] < 7}  # fmt: skip
    assert layers[0] > layers[1]


@pytest.mark.parametrize(
    "parts", [[TWELVE], [TWELVE, TWELVE.T], [TWELVE] * 5], ids=["one", "shapes", "five"]
)
def test_what_cannot_be_joined_is_refused(parts):
    with pytest.raises(ValueError, match="2 to 4 grids of the same shape"):
        plots.plot_stack_and_cat(parts)


# --- strides


VIEWS = {
    "rows": TWELVE,
    "transposed": TWELVE.T,
    "slice": TWELVE[1:, 1::2],
    "backwards": TWELVE.flip(0),
    "stretched": torch.arange(3).reshape(3, 1).expand(3, 4),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_places_lead_to_the_numbers(view):
    held = memory.numbers_in_memory(view)
    assert np.array_equal(held[memory.places_in_memory(view)], view)


@pytest.mark.parametrize(("view", "index"), [(TWELVE, (1, 2)), (TWELVE.T, (2, 1))])
def test_the_jumps_end_on_the_number(shown, view, index):
    [axis], alt = shown(plots.plot_strides, view, index)
    cells = numbers(axis)
    marked = [cells[round(x + 0.5, 2), round(y + 0.5, 2)] for x, y in frames(axis)]
    assert marked == [view[index].item()] * 2
    jumps = [text for text in texts(axis) if text.startswith("+")]
    assert sum(map(int, jumps)) == 6
    assert "lead to place 6, which holds 6" in alt


@pytest.mark.parametrize(
    ("tensor", "index", "message"),
    [
        (TWELVE, (3, 0), r"index \(3, 0\) is outside the shape \(3, 4\)"),
        (torch.arange(4), (0, 0), "along 2 axes"),
        (torch.zeros(100)[:4].reshape(2, 2), (0, 0), "memory holds 100 numbers"),
    ],
)
def test_strides_that_cannot_be_drawn_are_refused(tensor, index, message):
    with pytest.raises(ValueError, match=message):
        plots.plot_strides(tensor, index)


# --- sharing


def test_who_shares_a_memory_stands_over_it(shown):
    given = {"a": TWELVE, "view": TWELVE[1], "copy": TWELVE[[1]]}
    [axis], alt = shown(plots.plot_sharing, given)
    assert "a and view share one memory; copy has its own" in texts(axis)
    assert "a and view share one memory; copy has its own" in alt
    assert sorted(numbers(axis).values()) == sorted([*range(12), 4, 5, 6, 7])
    bars = [patch for patch in axis.patches if patch.get_height() == 0.5]
    assert len(bars) == 12 + 4 + 4
    for name, colour, over in zip(given, plots.arrays.COLOURS, (range(12), range(4, 8), range(4)),
                                  strict=False):  # fmt: skip
        own = [bar.get_x() for bar in bars if same_color(bar.get_facecolor(), colour)]
        left = min(bar.get_x() for bar in bars)
        assert np.allclose(own, [left + place for place in over]), name


@pytest.mark.parametrize("tensors", [{}, [TWELVE], dict.fromkeys("abcde", TWELVE)])
def test_what_is_no_dict_of_few_tensors_is_refused(tensors):
    with pytest.raises(ValueError, match="dict of 1 to 4 tensors"):
        plots.plot_sharing(tensors)
