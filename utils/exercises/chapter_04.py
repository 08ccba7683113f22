"""Exercises of chapter 04, modules."""

import torch
from torch import nn

from utils.exercises import weights
from utils.exercises.compare import (
    WrongAnswer,
    call,
    choice,
    chosen,
    expect,
    expect_value,
)
from utils.exercises.hooks import notes_shapes
from utils.exercises.watch import require_module


def exercise_1(answer):
    """The parameters of a linear layer."""
    expect_value(
        answer,
        69_240,
        [
            (69_120, "The biases are missing, one for each of the 120 outputs"),
            (69_696, "One bias for each output, not for each input"),
            (48_120, "That is with 5 x 5 kernels, which leave 16 * 5 * 5 numbers"),
            (576, "That is how many numbers come in"),
            (81_194, "That is the whole network; asked for is C5 alone"),
            (17_400, "16 maps of 6 x 6 come in, not of 3 x 3"),
            (69_121, "One bias for each output, not one for all"),
        ],
    )


def exercise_2(answer):
    """A module with one learnable number."""
    require_module(answer)
    with torch.random.fork_rng(devices=[]):
        gain = call(answer, draws=True)
    named = dict(gain.named_parameters())
    if list(named) != ["gain"]:
        kind = "a buffer" if "gain" in dict(gain.named_buffers()) else "a plain tensor"
        held = isinstance(getattr(gain, "gain", None), torch.Tensor) and "gain" not in named
        reason = f". `gain` is {kind}: only an nn.Parameter is learnt" if held else ""
        if not named and not held:
            reason = ". Nothing is registered: `self.gain = nn.Parameter(...)` in `__init__`"
        raise WrongAnswer(f"its parameters are {list(named)}, expected ['gain']{reason}")
    expect(named["gain"].detach(), torch.ones(1), [(torch.zeros(1), "Start at 1: change nothing")])
    x = torch.tensor([[1.0, -2.0], [3.0, 0.5]])
    with torch.no_grad():
        named["gain"].fill_(3.0)
    mistakes = [(x, "`forward` returns its input: the gain is not used")]
    mistakes += [(3 + x, "Multiply, do not add"), (x / 3, "Multiply, do not divide")]
    if not named["gain"].requires_grad:
        raise WrongAnswer("`gain` asks for no gradient, so it would not be learnt")
    for module in (gain.train(), gain.eval()):
        result = call(module, x)
        if result is None:
            raise WrongAnswer("`forward` returns None. Is the `return` missing?")
        expect(result, 3 * x, mistakes)
    if not result.requires_grad:
        raise WrongAnswer("right numbers, but no gradient can reach `gain`: use it undetached")


def exercise_3(answer):
    """What parameters() does not yield."""
    reasons = {
        "a": "a plain list is not looked into; nn.ModuleList is",
        "b": "a tensor with requires_grad is no Parameter, so nobody registers it",
        "c": "a Parameter is what parameters() is for",
        "d": "nn.ModuleDict registers what it holds",
        "e": "a buffer is saved and moved, but not among the parameters",
        "f": "a Sequential is a module, and its parts are asked, too",
    }
    chosen(answer, {"a", "b", "e"}, reasons)


def exercise_4(answer):
    """Linear layers in a row, with ReLU between them."""
    require_module(answer)
    generator = torch.Generator().manual_seed(0)
    for widths in ([6, 5, 4, 3], [4, 2], [3, 7, 2], [5, 5, 5, 5], [4, 1, 3]):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            tower = call(answer, widths, draws=True)
        layers = _layers(tower, widths)
        x = torch.randn(50, widths[0], generator=generator)
        mistakes = [(_through(layers, x, True, True), "No ReLU after the last layer")]
        mistakes += [(_through(layers, x, False, False), "The ReLU between the layers is missing")]
        mistakes += [
            (_through(layers, x.relu(), True, False), "The input itself goes through no ReLU"),
            (_through(layers, x, True, False).softmax(-1), "No softmax: logits come out"),
        ]
        result = call(tower, x)
        if result is None:
            raise WrongAnswer("`forward` returns None. Is the `return` missing?")
        expect(result, _through(layers, x, True, False), mistakes)
        if not result.requires_grad:
            raise WrongAnswer("right numbers, but no gradient can reach the weights")


def _layers(tower, widths):
    """Return (weight, bias) of each layer, in the order of `widths`."""
    weights = [weight for weight in tower.parameters() if weight.dim() == 2]
    biases = [bias for bias in tower.parameters() if bias.dim() == 1]
    wanted = list(zip(widths[1:], widths, strict=False))
    weights.sort(key=lambda weight: wanted.index(s) if (s := tuple(weight.shape)) in wanted else 9)
    biases.sort(key=lambda bias: widths[1:].index(len(bias)) if len(bias) in widths[1:] else 9)
    shapes = [tuple(weight.shape) for weight in weights]
    if not shapes:
        raise WrongAnswer(
            "the tower has no parameters: layers in a plain list are not seen, nn.ModuleList is"
        )
    if shapes != wanted:
        raise WrongAnswer(f"for widths {widths} the weights are {shapes}, expected {wanted}")
    if [len(bias) for bias in biases] != widths[1:]:
        raise WrongAnswer("each linear layer has a bias, too")
    return list(zip(weights, biases, strict=True))


@torch.no_grad()
def _through(layers, x, between, after):
    for place, (weight, bias) in enumerate(layers, start=1):
        x = nn.functional.linear(x, weight, bias)
        x = x.relu() if (after if place == len(layers) else between) else x
    return x


def exercise_5(answer):
    """Output shapes by hooks, none left behind."""
    notes_shapes(answer)


def exercise_6(answer):
    """More filters in the first layer and nothing else."""
    reasons = {
        "a": "Nothing adapts: conv2 was made with filters six deep (unless it is a Lazy layer)",
        "c": "The constructor makes each layer by itself; only forward says who follows whom",
    }
    choice(answer, "abc", reasons)


exercise_7, exercise_8, exercise_9 = weights.exercise_7, weights.exercise_8, weights.exercise_9
