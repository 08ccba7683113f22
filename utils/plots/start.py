"""The first day's figures: a project's four steps, and a network's answer to one picture."""

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.style import BLUE, GREY, ORANGE, WIDTH, show

STEPS = {
    "1  prepare": "a picture becomes\nnumbers from 0 to 1",
    "2  build": "layers with random\nnumbers of their own",
    "3  train": "the loss falls, as the\nnumbers are moved",
    "4  analyse": "ten shares for a picture:\nright, and how sure?",
}


def plot_steps(picture):
    """Show the four steps of a project, with `picture`, (height, width), going through them."""
    picture = _as_picture(picture)
    figure, axes = plt.subplots(1, 4, figsize=(WIDTH, 2.75), width_ratios=[1, 1, 1.15, 1])
    for axis, (name, words) in zip(axes, STEPS.items(), strict=True):
        axis.set_title(name, fontweight="bold", loc="left")
        axis.set_xlabel(words, fontsize=10)
        axis.set(xticks=[], yticks=[])
    axes[0].imshow(picture)
    _draw_layers(axes[1])
    steps = np.linspace(0, 1, 60)
    axes[2].plot(steps, 0.35 + 1.95 * np.exp(-6 * steps), color=BLUE)
    axes[2].set(xlim=(0, 1), ylim=(0, 2.5), ylabel="loss", box_aspect=0.87)
    axes[2].text(0.97, 0.06, "steps", ha="right", fontsize=10, color=GREY)
    shares = [0.02, 0.02, 0.02, 0.02, 0.02, 0.1, 0.02, 0.2, 0.02, 1]
    axes[3].barh(range(10), shares, color=[BLUE] * 9 + [ORANGE])
    axes[3].set(ylabel="ten classes", xlim=(0, 1.1), box_aspect=1)
    for axis in axes[:-1]:
        look = {"arrowstyle": "-|>", "color": GREY, "linewidth": 2, "mutation_scale": 18}
        axis.annotate("", (1, 1.07), (0.72, 1.07), "axes fraction", arrowprops=look)
    words = "; ".join(f"{name.replace('  ', ' ')}: {text}" for name, text in STEPS.items()).replace(
        "\n", " "
    )
    show(figure, f"Four steps from left to right. {words}")


def _draw_layers(axis):
    """Draw layers as bars that grow shorter, with lines between them; the last has ten dots."""
    heights = [1.8, 1.3, 0.9, 0.6]
    for place, height in enumerate(heights):
        box = (0.25 + 0.55 * place, 1 - height / 2)
        axis.add_patch(plt.Rectangle(box, 0.3, height, facecolor=BLUE, alpha=0.75))
        if place:
            start, end = box[0] - 0.25, box[0]
            for side in (-1, 1):
                ends = 1 + side * heights[place - 1] / 2, 1 + side * height / 2
                axis.plot([start, end], ends, color=GREY, linewidth=1, linestyle="-")
    axis.plot([2.4] * 10, np.linspace(0.55, 1.45, 10), "o", color=ORANGE, markersize=3)
    axis.set(xlim=(0, 2.6), ylim=(0, 2), box_aspect=1)


def plot_answer(picture, shares, classes):
    """Show a picture, and beside it the share that a network gave to each class, as bars.

    `picture`: (height, width); `shares`: one number from 0 to 1 for each of `classes`. The
    largest has its own colour and stands in the title. Raises ValueError for another count.
    """
    picture, shares = _as_picture(picture), np.asarray(shares, dtype=float)
    if shares.shape != (len(classes),):
        raise ValueError(f"shares have shape {shares.shape}, expected one for each of the "
                         f"{len(classes)} classes: squeeze() a batch of one")  # fmt: skip
    best = int(shares.argmax())
    figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 3.4), width_ratios=[1, 2.2])
    left.imshow(picture)
    left.axis("off")
    bars = right.barh(range(len(classes)), 100 * shares, color=BLUE)
    bars[best].set_color(ORANGE)
    for place, share in enumerate(100 * shares):
        right.text(share + 1, place, f"{share:.1f} %", va="center", fontsize=9)
    right.set_yticks(range(len(classes)), classes)
    right.set(xlim=(0, 112), xlabel="share in %", title=f"The answer: {classes[best]}")
    right.invert_yaxis()
    listed = ", ".join(f"{name} {share:.1f} %" for name, share in zip(classes, 100 * shares,
                                                                      strict=True))  # fmt: skip
    show(figure, f"A picture, and a bar for each class; the longest is {classes[best]}: {listed}")


def _as_picture(picture):
    picture = np.asarray(picture)
    if picture.ndim != 2:
        raise ValueError(f"picture has shape {picture.shape}, expected (height, width): take one "
                         "picture of a batch, and squeeze() its channel")  # fmt: skip
    return picture
