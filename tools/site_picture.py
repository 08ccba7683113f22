"""Draw the boot as each chapter meets it, one small picture a chapter, and all of them in a row."""

from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle

BOOT = Path(__file__).resolve().parents[1] / "site" / "_static" / "boot.png"
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#666666"


def draw(titles, folder):
    """Write folder/NN.png for each of {NN: title}, and journey.png with all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    boot = np.round(plt.imread(BOOT) * 255)
    for number in titles:
        figure, axes = plt.subplots(figsize=(2, 2))
        _panel(axes, number, boot)
        figure.savefig(folder / f"{number}.png", dpi=120)
        plt.close(figure)
    columns = (len(titles) + 1) // 2
    figure, axes = plt.subplots(2, columns, figsize=(1.7 * columns, 4.2), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, (number, title) in zip(axes.flat, titles.items(), strict=False):
        _panel(axis, number, boot)
        axis.set_title(title.replace(" · ", "\n"), fontsize=9)
    figure.tight_layout()
    figure.savefig(folder / "journey.png", dpi=160)
    plt.close(figure)


def words(number):
    """Return the alternative text of a chapter's picture."""
    return PANELS.get(number, (_start, "the boot"))[1]


def _panel(axes, number, boot):
    axes.set(xlim=(0, 28), ylim=(28, 0), aspect="equal")
    axes.axis("off")
    PANELS.get(number, (_start, ""))[0](axes, boot)


def _show(axes, picture, left=0, top=0, size=28, **options):
    extent = (left, left + size, top + size, top)
    options = {"cmap": "gray_r", "vmin": 0, "vmax": 255} | options
    axes.imshow(picture, extent=extent, **options)
    axes.set(xlim=(0, 28), ylim=(28, 0))


def _frame(axes, left, top, width, height, colour=ORANGE, line=2):
    axes.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=colour, lw=line))


def _arrow(axes, start, end, colour=ORANGE, **options):
    options = {"arrowstyle": "-|>", "mutation_scale": 10, "lw": 1.5} | options
    axes.add_patch(FancyArrowPatch(start, end, color=colour, **options))


def _start(axes, boot):
    _show(axes, boot)
    axes.text(1, 6, "?", fontsize=26, color=ORANGE, fontweight="bold")


def _numbers(axes, boot):
    part = boot[11:15, 17:21]
    _show(axes, part, cmap="gray_r", vmax=400)
    for (row, column), value in np.ndenumerate(part):
        axes.text(7 * column + 3.5, 7 * row + 3.5, f"{value:.0f}", ha="center", va="center")


def _batch(axes, boot):
    for place in range(16):
        left, top = 7 * (place % 4), 7 * (place // 4)
        if place == 6:
            _show(axes, boot, left, top, 7)
            _frame(axes, left, top, 7, 7)
        else:
            _frame(axes, left + 0.4, top + 0.4, 6.2, 6.2, "#bbbbbb", 1)


def _window(axes, boot):
    _show(axes, boot)
    _frame(axes, 15, 9, 5, 5)


def _modules(axes, boot):
    _show(axes, boot, 0, 9, 10)
    for place, height in enumerate((20, 15, 10, 6)):
        _frame(axes, 12 + 4 * place, 14 - height / 2, 2.6, height, BLUE)


def _features(axes, boot):
    down, right = np.gradient(boot)
    maps = [down, right, down + right, down - right, -down, -right, abs(down), abs(right)]
    for place, picture in enumerate([*maps, np.hypot(down, right)]):
        _show(axes, picture, 9.5 * (place % 3), 9.5 * (place // 3), 9, vmin=None, vmax=None)


def _gradients(axes, boot):
    _show(axes, boot, vmax=500)
    down, right = np.gradient(boot)
    rows, columns = np.mgrid[2:28:3, 2:28:3]
    axes.quiver(columns + 0.5, rows + 0.5, right[rows, columns], down[rows, columns],
                color=ORANGE, angles="xy", width=0.012, scale=1100)  # fmt: skip


def _loop(axes, boot):
    _show(axes, boot, 8, 8, 12)
    for turn in range(3):
        first, last = (np.deg2rad(120 * turn + shift) for shift in (10, 110))
        points = [(14 + 12 * np.cos(angle), 14 + 12 * np.sin(angle)) for angle in (first, last)]
        _arrow(axes, *points, connectionstyle="arc3,rad=-0.35")


def _many(axes, boot):
    for place in range(64):
        _show(axes, boot, 3.5 * (place % 8), 3.5 * (place // 8), 3.2)


def _halves(axes, boot):
    _show(axes, boot[:, :14], 0, 2, 12)
    _show(axes, boot[:, 14:], 16, 2, 12)
    _frame(axes, 0, 2, 12, 12, BLUE)
    _frame(axes, 16, 2, 12, 12, ORANGE)
    for start in (6, 22):
        _arrow(axes, (start, 15), (14, 23), GREY)
    axes.add_patch(Circle((14, 25), 2.2, color=GREY))


def _photograph(axes, boot):
    axes.add_patch(Rectangle((0, 3), 28, 22, color="#8a8f66", zorder=-1))  # below the boot
    _show(axes, np.ma.masked_less(boot, 30), 6, 6, 16, cmap="copper_r")
    _frame(axes, 6, 6, 16, 16)


PANELS = {  # by the chapter's number: what draws it, and its alternative text
    "00": (_start, "the boot with a question mark"),
    "01": (_numbers, "sixteen of its pixels as numbers"),
    "02": (_batch, "the boot as one picture of a batch"),
    "03": (_window, "a window of five pixels slides over the boot"),
    "04": (_modules, "the boot before a row of layers"),
    "05": (_features, "nine feature maps of the boot"),
    "06": (_gradients, "an arrow at each part of the boot"),
    "07": (_loop, "the boot in a circle of three arrows"),
    "08": (_many, "sixty-four small boots at once"),
    "09": (_halves, "the boot in two halves that lead to one point"),
    "10": (_photograph, "the boot as a photograph before a ground of its own"),
}
