"""The course's figures: one colour-blind-safe style, alternative text on every picture.

Importing this module sets matplotlib's style, so figures drawn in a notebook match.
"""

import warnings

import matplotlib.pyplot as plt
from IPython.display import display

from utils.plots.texts import make_legible

# Okabe and Ito, "Color Universal Design" (2008), darkened where text must be read on white
BLUE, ORANGE, GREEN, RED, GREY = "#0072B2", "#D55E00", "#007A5E", "#B0305A", "#666666"
STYLE = {
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.06,
    "figure.constrained_layout.h_pad": 0.06,
    "font.size": 11,
    "axes.prop_cycle": plt.cycler(
        color=[BLUE, ORANGE, GREEN, RED, GREY, "black", "#8C6A00"],
        linestyle=["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)), (0, (1, 3))],
    ),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "image.cmap": "gray",
    "image.interpolation": "nearest",
    "lines.linewidth": 2,
}
WIDTH = 9.5  # inches, the width of a notebook's output
plt.rcParams.update(STYLE)


def show(figure, alt):
    """Display a figure once, with `alt` as the text for those who cannot see it."""
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt must say in words what the figure shows, got {alt!r}")
    make_legible(figure)
    with warnings.catch_warnings():  # said already, once for all characters
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
        display(figure, metadata={"image/png": {"alt": alt}})
    plt.close(figure)
