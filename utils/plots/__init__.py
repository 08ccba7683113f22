"""The course's figures; each function displays one, with alternative text for it."""

from utils.plots.grids import plot_class_counts, plot_grid
from utils.plots.style import BLUE, GREEN, GREY, ORANGE, RED, WIDTH, show

__all__ = [
    "BLUE", "GREEN", "GREY", "ORANGE", "RED", "WIDTH", "plot_class_counts", "plot_grid", "show",
]  # fmt: skip
