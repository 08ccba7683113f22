"""The curves are the history's, and can be told apart."""

import warnings
from itertools import combinations

import numpy as np
import pytest
import torch

from utils import plots


def history(epochs, seed=0, validation=True):
    rng = np.random.default_rng(seed)
    return [
        {
            "epoch": epoch,
            "train_loss": float(rng.uniform(0.1, 1)),
            "train_accuracy": float(rng.uniform(0.5, 1)),
            "validation_loss": float(rng.uniform(0.1, 1)) if validation else None,
            "validation_accuracy": float(rng.uniform(0.5, 1)) if validation else None,
            "learning_rate": 0.1 / epoch,
            "seconds": 2.5,
        }
        for epoch in range(1, epochs + 1)
    ]


def legend(shown):
    [found] = shown.figures[-1].legends
    return [text.get_text() for text in found.get_texts()]


def column(records, key):
    return [record[key] for record in records]


def test_points_need_not_be_joined(shown):
    curves = {"a": ([3, 1, 2], [1, 2, 3]), "b": ([4, 6, 5], [1, 2, 3])}
    for joined, style in (False, "None"), (True, "-"):
        plots.plot_lines(curves, "", "seconds", "accuracy", joined=joined)
        lines = shown.axes[0].lines
        assert [line.get_linestyle() for line in lines] == [style] * 2
        assert [line.get_marker() for line in lines] == ["o", "s"]
        assert list(lines[0].get_xdata()) == [3, 1, 2]


def test_the_legend_names_what_has_no_name_of_its_own(shown):
    plots.plot_history({"": [history(3), history(3, seed=1)]}, ("loss", "learning_rate"))
    assert legend(shown) == ["training (2 runs)", "validation (2 runs)", "learning rate (2 runs)"]


def test_few_places_on_a_logarithmic_axis_are_named_themselves(shown):
    plots.plot_lines({"few": ([1, 5, 20, 100], [3, 2, 1, 0])}, "", "pictures", "loss", log="x")
    axis = shown.axes[0]
    shown.figures[-1].canvas.draw()
    named = [label.get_text() for label in axis.get_xticklabels() if label.get_text()]
    assert (named, axis.get_xticks().tolist()) == (["1", "5", "20", "100"], [1, 5, 20, 100])
    assert not [label for label in axis.get_xticklabels(minor=True) if label.get_text()]


def test_many_places_on_a_logarithmic_axis_are_named_by_tens(shown):
    places = np.logspace(0, 3, 40)
    plots.plot_lines({"many": (places, places)}, "", "rate", "loss", log="x")
    assert {1, 10, 100, 1000} <= set(shown.axes[0].get_xticks().tolist())


def test_one_history_is_two_panels_of_two_lines(shown):
    records = history(4)
    plots.plot_history(records, title="A run")
    loss, accuracy = shown.axes
    for axis, key in ((loss, "loss"), (accuracy, "accuracy")):
        training, validation = axis.lines
        assert training.get_xdata().tolist() == [1, 2, 3, 4]
        assert training.get_ydata().tolist() == pytest.approx(column(records, f"train_{key}"))
        assert validation.get_ydata().tolist() == pytest.approx(
            column(records, f"validation_{key}")
        )
        assert (training.get_linestyle(), validation.get_linestyle()) == ("-", "--")
        assert training.get_markerfacecolor() != validation.get_markerfacecolor() == "white"
    assert (loss.get_xlabel(), loss.get_ylabel()) == ("epoch", "cross-entropy")
    assert (accuracy.get_xlabel(), accuracy.get_ylabel()) == ("epoch", "accuracy")
    assert legend(shown) == ["training", "validation"]
    assert shown.figures[-1].get_suptitle() == "A run"
    assert shown.figures[-1].get_figwidth() == plots.WIDTH
    first, last = records[0]["validation_loss"], records[-1]["validation_loss"]
    assert shown.alt.startswith("A run: training: cross-entropy from ")
    assert f"; validation: cross-entropy from {first:.4g} to {last:.4g}" in shown.alt


def test_without_validation_there_is_one_line(shown):
    plots.plot_history(history(3, validation=False))
    assert [len(axis.lines) for axis in shown.axes] == [1, 1]
    assert legend(shown) == ["training"]
    assert "validation" not in shown.alt


def test_other_keys_are_one_line_each(shown):
    plots.plot_history(history(3), what=["learning_rate", "train_loss"])
    rate, loss = shown.axes
    assert rate.lines[0].get_ydata().tolist() == pytest.approx([0.1, 0.05, 0.1 / 3])
    assert [len(axis.lines) for axis in shown.axes] == [1, 1]
    assert (rate.get_ylabel(), loss.get_ylabel()) == ("learning rate", "train loss")
    assert shown.alt.startswith("Training: learning rate from 0.1 to 0.03333; train loss from")


def test_several_seeds_are_their_mean_in_a_band(shown):
    seeds = [history(3, seed) for seed in range(4)]
    plots.plot_history({"SGD": seeds, "Adam": history(3, 9)}, what=["loss"])
    [axis] = shown.axes
    losses = np.array([column(records, "train_loss") for records in seeds])
    np.testing.assert_allclose(axis.lines[0].get_ydata(), losses.mean(0))
    corners = axis.collections[0].get_paths()[0].vertices
    for epoch in (1, 2, 3):
        at = corners[corners[:, 0] == epoch, 1]
        assert (at.min(), at.max()) == pytest.approx(
            (losses[:, epoch - 1].min(), losses[:, epoch - 1].max())
        )
    assert legend(shown) == [
        "SGD training (4 runs)", "SGD validation (4 runs)", "Adam training", "Adam validation"
    ]  # fmt: skip
    assert f"SGD training (4 runs): cross-entropy from {losses[:, 0].mean():.4g}" in shown.alt


def test_a_seed_that_ended_early_counts_as_far_as_it_goes(shown):
    long, short = history(3, 1), history(2, 2)
    plots.plot_history({"": [short, long]}, what=["loss"])
    found = shown.axes[0].lines[0]
    both = (long[0]["train_loss"] + short[0]["train_loss"]) / 2
    assert found.get_xdata().tolist() == [1, 2, 3]
    assert found.get_ydata()[[0, 2]].tolist() == pytest.approx([both, long[2]["train_loss"]])


def test_any_two_lines_of_seven_runs_differ_without_colour(shown):
    plots.plot_history({f"run {n}": history(2, n) for n in range(7)}, what=["loss"])
    looks = {(line.get_marker(), line.get_linestyle()) for line in shown.axes[0].lines}
    assert len(looks) == 14


@pytest.mark.parametrize("epochs", [1, 2, 5, 30])
def test_epochs_are_whole_numbers_and_each_is_seen(epochs, shown):
    plots.plot_history(history(epochs))
    for axis in shown.axes:
        left, right = axis.get_xlim()
        ticks = [tick for tick in axis.get_xticks() if left <= tick <= right]
        assert ticks and all(tick == round(tick) for tick in ticks)
        for line in axis.lines:
            assert line.get_marker() == "o"
            assert epochs > 20 or line.get_markevery() == 1


NAMES = [
    {"": history(2)},
    {name: [history(2), history(3)] for name in ("one", "two", "six", "ten")},
    {"SGD": [history(2), history(3)], "SGD with momentum and weight decay": history(3)},
    {f"learning rate {0.1 / 3**n:.4f}": history(2, n) for n in range(7)},
    {"nobody would think of this " * 3: []},
]


@pytest.mark.parametrize("runs", NAMES, ids=len)
@pytest.mark.parametrize("what", [["loss"], ["loss", "accuracy", "learning_rate"]], ids=len)
def test_the_legend_is_whole_and_covers_nothing(runs, what, shown):
    runs = {name: given or history(2) for name, given in runs.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plots.plot_history(runs, what=what)
        shown.figures[-1].draw_without_rendering()
    [figure] = shown.figures
    [found] = figure.legends
    frame = found.get_window_extent()
    assert frame.x0 >= 0 and frame.x1 <= figure.bbox.width and frame.y0 >= 0
    areas = [axis.get_tightbbox() for axis in figure.axes]
    assert not any(frame.overlaps(area) for area in areas)
    assert not any(one.overlaps(other) for one, other in combinations(areas, 2))
    assert min(axis.get_window_extent().height for axis in figure.axes) > 100


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("places", [[1], [0, 1, 2, 3]])
def test_losses_that_are_no_numbers_leave_a_gap(value, places, shown):
    records = history(4)
    for place in places:
        records[place]["train_loss"] = value
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plots.plot_history({"": [records, history(4, 1)], "b": records})
        shown.figures[-1].draw_without_rendering()
    low, high = shown.axes[0].get_ylim()
    assert np.isfinite((low, high)).all()


@pytest.mark.parametrize("log", ["", "x", "y", "xy"])
def test_lines_of_one_number_against_another(log, shown):
    steps = [10.0**-n for n in range(1, 9)]
    errors = {"float32": (steps, [s**2 for s in steps]), "float64": (steps, torch.tensor(steps))}
    plots.plot_lines(errors, "Errors", "step size", "error of the slope", log)
    [axis] = shown.axes
    scales = axis.get_xscale(), axis.get_yscale()
    assert scales == tuple("log" if side in log else "linear" for side in "xy")
    assert (axis.get_xlabel(), axis.get_ylabel()) == ("step size", "error of the slope")
    for line, (xs, values) in zip(axis.lines, errors.values(), strict=True):
        assert line.get_xdata().tolist() == xs
        assert line.get_ydata().tolist() == pytest.approx(list(map(float, values)))
    assert legend(shown) == ["float32", "float64"]
    assert shown.alt.startswith("Errors: float32: error of the slope from 0.01 to 1e-16; float64:")


def test_lines_without_xs_are_counted_from_1_and_markers_do_not_hide_them(shown):
    plots.plot_lines({"a run": [1 / n for n in range(1, 301)]}, "Loss by step", "step", "loss")
    [axis] = shown.axes
    assert axis.lines[0].get_xdata().tolist() == list(range(1, 301))
    assert 10 < len(axis.lines[0].get_xdata()[:: axis.lines[0].get_markevery()]) <= 20
    assert axis.get_ylabel() == "loss"
    assert shown.figures[-1].get_suptitle() == "Loss by step"


@pytest.mark.parametrize("curves", [{}, {"a": []}, {"a": ([1, 2], [1])}], ids=str)
def test_lines_without_numbers_are_refused(curves, shown):
    with pytest.raises(ValueError, match=r"there is no record|shorter"):
        plots.plot_lines(curves, "None", "step", "loss")
    assert not shown.figures


REFUSED_HISTORIES = {
    "no epoch": ([], {}, "no record has 'epoch': there is no record"),
    "no history": ({}, {}, "there is no record"),
    "an empty one by name": ({"a": []}, {}, "there is no record"),
    "empty ones of several seeds": ({"a": [[], []]}, {}, "there is no record"),
    "an unknown key": (
        history(1), {"what": ["speed"]}, "no record has 'speed': .*train_loss.*seconds"
    ),
    "never validated": (
        history(2, validation=False), {"what": ["validation_loss"]}, "no record has 'validation_l"
    ),
    "an unknown x": (history(1), {"x": "step"}, "no record has 'step': there is epoch,"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED_HISTORIES)
def test_histories_without_what_is_to_be_drawn_are_refused(case, shown):
    given, options, message = REFUSED_HISTORIES[case]
    with pytest.raises(ValueError, match=message):
        plots.plot_history(given, **options)
    assert not shown.figures
