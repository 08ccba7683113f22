"""Figures of trainings: panels side by side, sweeps, gaps, a confusion matrix, a killed run."""

from itertools import cycle
from statistics import fmean

import matplotlib.pyplot as plt

from utils.plots.style import BLUE, GREY, ORANGE, RED, WIDTH, show


def plot_panels(curves, title, xlabel, ylabel=None):
    """Show {name: numbers} as lines, a panel for each, counted from 1.

    With `ylabel` the panels share the axis of that name; without it each has its own, named as
    the curve. Raises ValueError for no curve.
    """
    if not curves:
        raise ValueError("there is no curve to show")
    figure, axes = plt.subplots(
        1, len(curves), figsize=(WIDTH, 2.9), sharey=bool(ylabel), squeeze=False
    )
    ends = [f"{name} from {line[0]:.4g} to {line[-1]:.4g}" for name, line in curves.items()]
    for axis, (name, numbers) in zip(axes[0], curves.items(), strict=True):
        axis.plot(range(1, len(numbers) + 1), numbers, color=BLUE, linewidth=1.3)
        axis.set(xlabel=xlabel, title=name if ylabel else None)
        axis.set_ylabel(name if not ylabel else ylabel if axis is axes[0, 0] else "")
    figure.suptitle(title)
    show(figure, f"{title}: {'; '.join(ends)}")


def plot_sweep(results, title, xlabel="learning rate", ylabel="accuracy on validation", best=max):
    """Show {name: {x: numbers of several seeds}}: their mean, and a bar from lowest to highest.

    x is drawn on a logarithmic axis, and the best mean of each name has a ring around it: `best`
    is max, or min for losses, whose axis is logarithmic, too. Equal x are drawn side by side.
    """
    figure, axis = plt.subplots(figsize=(WIDTH, 3.6))
    said = []
    for number, ((name, found), marker) in enumerate(zip(results.items(), cycle("osD^vPX"))):
        aside = 1.07 ** (number - (len(results) - 1) / 2)
        places = [x * aside for x in found]
        means = {x: fmean(numbers) for x, numbers in found.items()}
        low, up = ([abs(end(found[x]) - means[x]) for x in found] for end in (min, max))
        axis.errorbar(places, [*means.values()], [low, up], marker=marker, capsize=4, label=name)
        top = best(means, key=means.get)
        axis.plot(top * aside, means[top], "o", markersize=15, mfc="none", color="black")
        said.append(f"{name} is best at {top:g} with {means[top]:.3g}")
    beside = " (equal ones are drawn side by side)" if len(results) > 1 else ""
    axis.set(xscale="log", xlabel=xlabel + beside, ylabel=ylabel, title=title)
    if best is min:
        axis.set_yscale("log", subs=[2, 5])
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter("{x:g}")
    axis.legend(title="ring: best mean; bar: all seeds")
    show(figure, f"{title}: {'; '.join(said)}")


def plot_gaps(results, title, xlabel="cross-entropy"):
    """Show {name: (training losses, validation losses)} of several seeds: one line from the mean
    of the first to that of the second, a dot for each seed."""
    figure, axis = plt.subplots(figsize=(WIDTH, 0.9 + 0.42 * len(results)))
    said = []
    for row, (name, (training, validation)) in enumerate(results.items()):
        left, right = fmean(training), fmean(validation)
        axis.plot([left, right], [row, row], "-", color=GREY, linewidth=1)
        for side, losses, marker, color in (
            ("training", training, "o", BLUE),
            ("validation", validation, "D", ORANGE),
        ):
            axis.plot(losses, [row] * len(losses), marker, color=color, alpha=0.7, linestyle="",
                      label=side if row == 0 else None)  # fmt: skip
        said.append(f"{name} {left:.2f} and {right:.2f}")
    axis.set_yticks(range(len(results)), list(results))
    axis.invert_yaxis()
    axis.set(xlabel=xlabel, title=title)
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    show(figure, f"{title}. Means of training and validation: {'; '.join(said)}")


def plot_confusion(counts, classes, title):
    """Show counts (C, C), row for true and column for predicted class, as per cent of each row.

    The diagonal is blank, so that colour is left for the mistakes; shares below 1 % have no number.
    """
    shares = 100 * counts / counts.sum(dim=1, keepdim=True)
    right = shares.diag().tolist()
    mistakes = shares.clone().fill_diagonal_(0)
    figure, axis = plt.subplots(figsize=(WIDTH, 6.4))
    picture = axis.imshow(mistakes.numpy(), cmap="Blues", vmin=0)
    half = mistakes.max().item() / 2
    for row, column in (mistakes >= 1).nonzero().tolist():
        share = mistakes[row, column].item()
        axis.text(column, row, f"{share:.0f}", ha="center", va="center",
                  color="white" if share > half else "black")  # fmt: skip
    for place in range(len(classes)):
        axis.add_patch(plt.Rectangle((place - 0.5, place - 0.5), 1, 1, color="#DDDDDD"))
    axis.set_xticks(range(len(classes)), classes, rotation=45, ha="right")
    axis.set_yticks(range(len(classes)), classes)
    axis.set(xlabel="predicted class", ylabel="true class", title=title)
    figure.colorbar(picture, label="mistakes, % of the row", shrink=0.8)
    said = ", ".join(f"{name} {share:.0f} %" for name, share in zip(classes, right, strict=True))
    show(figure, f"{title}. Correct: {said}")


def plot_killed_run(epochs=5, killed=2):
    """Show two trainings as rows of epochs: one at a stretch, one killed and started again."""
    figure, axis = plt.subplots(figsize=(WIDTH, 2.3))
    for row, name in enumerate(("left alone", "killed", "started again")):
        axis.text(-0.2, -row, name, ha="right", va="center")
        first, last = {0: (0, epochs), 1: (0, killed), 2: (killed, epochs)}[row]
        for epoch in range(first, last):
            axis.add_patch(plt.Rectangle((epoch + 0.05, -row - 0.3), 0.8, 0.6, color=BLUE))
            axis.text(epoch + 0.45, -row, f"epoch {epoch + 1}", color="white", ha="center",
                      va="center")  # fmt: skip
    axis.add_patch(plt.Rectangle((killed + 0.05, -1.3), 0.4, 0.6, facecolor="none", edgecolor=RED,
                                 hatch="///"))  # fmt: skip
    axis.text(killed + 0.6, -1, "killed: this epoch is lost", color=RED, va="center")
    axis.annotate("", (killed, -1.65), (killed, -1.3), arrowprops={"arrowstyle": "->", "lw": 1.5})
    axis.text(killed - 0.1, -1.85, "checkpoint", ha="right", va="center")
    axis.set(xlim=(-1.4, epochs + 1.2), ylim=(-2.4, 0.5))
    axis.axis("off")
    show(figure, f"Two trainings of {epochs} epochs: one at a stretch; one killed in epoch "
         f"{killed + 1} and started again from its checkpoint of epoch {killed}")  # fmt: skip
