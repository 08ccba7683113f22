"""Sizes: what comes out of a layer, by formula, and what came out of a model, by watching."""

from utils.shapes.sizes import (
    conv_output_size,
    conv_receptive_field,
    conv_transpose_output_size,
    pool_output_size,
)
from utils.shapes.watching import Layer, Watch, trace

__all__ = ["Layer", "Watch", "conv_output_size", "conv_receptive_field"]
__all__ += ["conv_transpose_output_size", "pool_output_size", "trace"]
