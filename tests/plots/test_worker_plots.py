"""Whose the pictures are, what collectives leave behind, and the ring that moves."""

from base64 import b64decode
from io import BytesIO

import pytest
from matplotlib.colors import to_rgba
from PIL import Image

from tests.plots.seen import assert_legible, texts
from utils.plots import BLUE, ORANGE, animate_ring, cells, plot_collectives, plot_shares

SHARES = {"sampler": [[0, 3], [1, 2]], "none": [[0, 1], [0, 1]]}


def test_each_picture_bears_its_workers(shown):
    plot_shares(SHARES, "Whose?", 4)
    assert_legible(shown)
    said = texts(shown)
    assert said[6:11] == ["sampler", "0", "1", "1", "0"]
    assert said[11:16] == ["none", "0+1", "0+1", "\N{EN DASH}", "\N{EN DASH}"]
    assert "sampler: 0 1 1 0; none: 0+1 0+1 none none" in shown.alt


def test_workers_differ_by_more_than_colour(shown):
    plot_shares({"one": [[0], [1]]}, "Whose?", 2)
    boxes = [box for box in shown.axes[0].patches if box.get_edgecolor() != to_rgba("#666666")]
    looks = [(box.get_edgecolor(), box.get_hatch()) for box in boxes]
    assert looks == [(to_rgba(BLUE), ""), (to_rgba(ORANGE), "//")]


@pytest.mark.parametrize(
    ("shares", "count"), [([[0], [5]], 5), ([[0]], 0), ([[0]], 25), ([[0]] * 5, 2), ([[-1]], 2)]
)
def test_shares_that_cannot_be_drawn_are_refused(shares, count, shown):
    with pytest.raises(ValueError, match="at most 24 and 4, numbers from 0 on"):
        plot_shares({"row": shares}, "Whose?", count)


def test_collectives_mark_what_is_new(shown):
    before = [[1, 2], [10, 20]]
    results = {"broadcast": (before, [[1, 2], [1, 2]]), "reduce": (before, [[11, 22], None])}
    plot_collectives(results)
    assert_legible(shown)
    hatched = [box.get_hatch() for box in shown.axes[0].patches]
    assert hatched == ["", "", "", "", "", "", "//", "//", "", "", "//", "//", "", ""]
    assert "broadcast, worker 1: [10, 20] becomes [1, 2]" in shown.alt
    assert "reduce, worker 1: [10, 20] becomes not defined" in shown.alt
    with pytest.raises(ValueError, match="reduce: 2 workers before, 1 after"):
        plot_collectives({"reduce": (before, [[11, 22]])})


def test_the_ring_has_a_picture_for_each_state(monkeypatch):
    displayed = []
    monkeypatch.setattr(cells, "display", lambda data, **more: displayed.append((data, more)))
    animate_ring([[[1, 2], [10, 20]], [[1, 22], [11, 20]], [[11, 22], [11, 22]]])
    [(data, more)] = displayed
    picture = Image.open(BytesIO(b64decode(data["image/png"])))
    assert (picture.format, picture.n_frames) == ("GIF", 3)
    alt = more["metadata"]["image/png"]["alt"]
    assert "2 workers in a row" in alt
    assert "After 2 steps each of them has 11, 22." in alt
    with pytest.raises(ValueError, match="7 workers are too many"):
        animate_ring([[[0] * 7] * 7])
