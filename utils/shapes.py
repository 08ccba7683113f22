"""Sizes: what comes out of a layer, by formula, and what came out of a model, by watching."""
