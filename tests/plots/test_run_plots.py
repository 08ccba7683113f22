"""Panels, sweeps, gaps, confusions and killed runs show what they were given, legibly."""

from itertools import pairwise

import pytest
import torch

from tests.plots.seen import assert_legible, texts
from utils import plots


def test_each_panel_has_its_curve_and_they_share_an_axis(shown):
    curves = {"a": [3.0, 2.0, 1.0], "b": [2.0, 2.5, 2.0], "c": [1.0, 0.5, 0.1]}
    plots.plot_panels(curves, "Three", "batch", "loss")
    assert [axis.get_title() for axis in shown.axes] == [*curves]
    for axis, numbers in zip(shown.axes, curves.values(), strict=True):
        assert axis.lines[0].get_ydata().tolist() == numbers
        assert axis.lines[0].get_xdata().tolist() == [1, 2, 3]
        assert axis.get_ylim() == shown.axes[0].get_ylim()
    assert shown.axes[0].get_ylabel() == "loss"
    assert shown.alt.startswith("Three: a from 3 to 1; b from 2 to 2")
    assert_legible(shown)


def test_without_a_common_name_each_panel_has_its_own_axis(shown):
    plots.plot_panels({"rate": [0.1, 0.2], "beta": [10.0, 9.0]}, "Two", "batch")
    assert [axis.get_ylabel() for axis in shown.axes] == ["rate", "beta"]
    assert shown.axes[0].get_ylim() != shown.axes[1].get_ylim()
    with pytest.raises(ValueError, match="no curve"):
        plots.plot_panels({}, "None", "batch")


def test_a_sweep_rings_the_best_mean(shown):
    found = {"SGD": {0.01: [1, 2, 3], 0.1: [5, 6, 7], 1.0: [0, 9, 0]}, "Adam": {0.01: [8, 8, 8]}}
    plots.plot_sweep(found, "Rates")
    [axis] = shown.axes
    rings = [line for line in axis.lines if line.get_markersize() == 15]
    assert [ring.get_ydata()[0] for ring in rings] == [6, 8]
    places = [ring.get_xdata()[0] for ring in rings]
    assert places == pytest.approx([0.1, 0.01], rel=0.04)
    assert axis.get_xscale() == "log"
    assert "SGD is best at 0.1 with 6" in shown.alt
    assert_legible(shown)


def test_bars_of_one_rate_stand_beside_each_other(shown):
    found = {name: {0.01: [1, 9], 0.1: [2, 8]} for name in "abc"}
    plots.plot_sweep(found, "Rates")
    [axis] = shown.axes
    shown.figures[0].canvas.draw()
    for rate in (0, 1):
        bars = [bar.get_segments()[rate][:, 0] for bar in axis.collections]
        pixels = [axis.transData.transform([(xs[0], 5)])[0, 0] for xs in bars]
        assert min(b - a for a, b in pairwise(pixels)) > 8  # a cap is 8 wide


def test_a_sweep_of_losses_rings_the_lowest(shown):
    plots.plot_sweep({"raw": {0.1: [0.9, 0.5], 1.0: [7.0, 9.0]}}, "Rates", ylabel="loss", best=min)
    [axis] = shown.axes
    [ring] = [line for line in axis.lines if line.get_markersize() == 15]
    assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (0.1, 0.7)
    assert axis.get_yscale() == "log"
    assert_legible(shown)


def test_a_gap_leads_from_training_to_validation(shown):
    plots.plot_gaps({"none": ([0.1, 0.3], [1.0, 1.2]), "more": ([0.5, 0.5], [0.6, 0.8])}, "Gaps")
    [axis] = shown.axes
    assert axis.lines[0].get_xdata().tolist() == pytest.approx([0.2, 1.1])
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["training", "validation"]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["none", "more"]
    assert "more 0.50 and 0.70" in shown.alt
    assert_legible(shown)


def test_a_confusion_leaves_colour_for_the_mistakes(shown):
    counts = torch.tensor([[90, 10, 0], [1, 199, 0], [0, 0, 50]])
    plots.plot_confusion(counts, ["cat", "dog", "owl"], "Pets")
    picture = shown.pixels[0]
    assert picture[0].tolist() == pytest.approx([0, 10, 0])
    assert picture.diagonal().tolist() == [0, 0, 0]
    assert texts(shown)[:1] == ["10"]
    assert "cat 90 %" in shown.alt
    assert shown.axes[0].get_ylabel() == "true class"
    assert_legible(shown)


def test_a_killed_run_goes_on_after_its_checkpoint(shown):
    plots.plot_killed_run(epochs=4, killed=2)
    said = texts(shown)
    assert said.count("epoch 2") == 2
    assert said.count("epoch 3") == 2
    assert "killed in epoch 3" in shown.alt
    assert_legible(shown)
