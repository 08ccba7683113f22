"""The course's figures; each function displays one, with alternative text for it."""

from utils.plots.arrays import plot_broadcast, plot_numbers, plot_stack_and_cat
from utils.plots.convolutions import animate_convolution, plot_convolution_steps
from utils.plots.curves import plot_history, plot_lines
from utils.plots.explorer import explore_convolution
from utils.plots.features import plot_feature_maps
from utils.plots.filters import plot_filters
from utils.plots.gallery import animate_cases, plot_cases
from utils.plots.graphs import plot_graph
from utils.plots.grids import plot_class_counts, plot_grid
from utils.plots.lanes import plot_lanes, plot_parts
from utils.plots.memory import plot_sharing, plot_strides
from utils.plots.networks import plot_model
from utils.plots.pipeline import plot_pipeline
from utils.plots.runs import plot_confusion, plot_gaps, plot_killed_run, plot_panels, plot_sweep
from utils.plots.start import plot_answer, plot_steps
from utils.plots.style import BLUE, GREEN, GREY, ORANGE, RED, WIDTH, show
from utils.plots.trees import plot_tree
from utils.plots.workers import animate_ring, plot_collectives, plot_shares

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "RED", "WIDTH", "animate_cases"]
__all__ += ["animate_convolution", "explore_convolution", "plot_class_counts"]
__all__ += ["plot_convolution_steps", "plot_feature_maps", "plot_filters", "plot_graph"]
__all__ += ["plot_grid", "plot_history", "plot_lines", "plot_model", "show"]
__all__ += ["plot_broadcast", "plot_numbers", "plot_sharing", "plot_stack_and_cat"]
__all__ += ["plot_answer", "plot_pipeline", "plot_steps"]
__all__ += ["plot_cases", "plot_strides", "plot_tree"]
__all__ += ["plot_confusion", "plot_gaps", "plot_killed_run", "plot_panels", "plot_sweep"]
__all__ += ["plot_lanes", "plot_parts"]
__all__ += ["animate_ring", "plot_collectives", "plot_lanes", "plot_parts", "plot_shares"]
