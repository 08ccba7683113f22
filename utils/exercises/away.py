"""Checks of what helps away from home: a new head on a frozen trunk, and how sure is sure."""

import math

import torch
from torch import nn

from utils.exercises.compare import WrongAnswer, call, expect_function, require_function, show
from utils.models import FashionNet


def puts_in_a_new_head(answer):
    """A copy with a frozen trunk and a new head."""
    require_function(answer)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = FashionNet()
    for classes in (2, 7):
        changed = call(answer, network, classes, draws=True)
        if not isinstance(changed, nn.Module):
            raise WrongAnswer(f"got {show(changed)}, expected the changed copy of the network")
        head, old = getattr(changed, "out", None), dict(network.named_parameters())
        if not isinstance(head, nn.Linear) or head.in_features != 60:
            raise WrongAnswer(f"`out` is {show(head)}, expected an nn.Linear with 60 inputs")
        if head.out_features != classes:
            raise WrongAnswer(f"asked for {classes} classes, `out` gives {head.out_features}")
        new = dict(changed.named_parameters())
        if list(new) != list(old):
            raise WrongAnswer(f"the parameters are {list(new)}, expected {list(old)}")
        if head.weight.shape != (classes, 60) or head.bias.shape != (classes,):
            raise WrongAnswer(f"the weight of `out` has shape {tuple(head.weight.shape)}, expected "
                              f"{(classes, 60)}. `out_features` only names the size: put in a new "
                              "nn.Linear")  # fmt: skip
        for name, parameter in new.items():
            if name.startswith("out.") and not parameter.requires_grad:
                raise WrongAnswer(f"{name} is frozen, too: put the new layer in after freezing")
            if not name.startswith("out.") and parameter.requires_grad:
                raise WrongAnswer(f"{name} is not frozen")
            if not name.startswith("out.") and not torch.equal(parameter, old[name]):
                raise WrongAnswer(f"{name} is not that of the network: copy it, do not start anew")


def finds_the_calibration_error(answer):
    """The calibration error."""
    generator = torch.Generator().manual_seed(0)
    confidence = torch.rand(300, generator=generator) * 0.7 + 0.3
    right = torch.rand(300, generator=generator) < 0.8  # too little sure below that, too much above
    confidence[0], right[0] = 1.0, False
    few = torch.tensor([0.35, 0.45, 0.95, 1.0, 0.9]), torch.tensor([True, True, True, False, True])

    def error(confidence, right, bins, weighted=True, absolute=True, top=True, least=1):
        total = 0.0
        for k in range(bins):
            below = confidence <= (k + 1) / bins if top else confidence < (k + 1) / bins
            inside = (confidence > k / bins) & below
            if inside.sum() >= least:
                gap = (confidence[inside].mean() - right[inside].float().mean()).item()
                weight = inside.float().mean().item() if weighted else 1
                total += weight * (abs(gap) if absolute else gap)
        return total

    def filled(confidence, bins):
        return len((confidence * bins).ceil().unique())

    def plain(confidence, right, bins, divide=filled):
        return error(confidence, right, bins, weighted=False) / divide(confidence, bins)

    def with_empty(confidence, right, bins):
        empty = filled(confidence, bins) < bins
        return math.nan if empty else error(confidence, right, bins)

    weigh = "Weigh each bin by its share of the pictures"

    def whole(confidence, right, bins):
        return (confidence.mean() - right.float().mean()).abs().item()

    expect_function(
        answer,
        [(confidence, right, 10), (confidence, right, 4), (*few, 3), (*few, 6), (*few, 1)],
        error,
        [
            (lambda *case: error(*case, weighted=False), weigh),
            (plain, weigh),
            (lambda *case: plain(*case, divide=lambda _, bins: bins), weigh),
            (lambda *case: error(*case, least=20), "A bin with few pictures counts, too"),
            (with_empty, "The mean of an empty bin is nan: leave empty bins out"),
            (lambda *case: error(*case, absolute=False), "Take each bin's distance without sign"),
            (lambda *case: error(*case, top=False), "A confidence of 1 belongs to the last bin"),
            (whole, "That is one bin for everything: too much here hides too little there"),
            (lambda c, r, n: error(c, r, 10), "Use the argument `bins`"),
            (lambda *case: 100 * error(*case), "A share from 0 to 1, not in percent"),
        ],
    )
