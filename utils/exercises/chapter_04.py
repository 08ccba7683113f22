"""Exercises of chapter 04, modules."""

import torch
from torch import nn

from utils.exercises.compare import (
    WrongAnswer,
    call,
    choice,
    chosen,
    difference,
    expect,
    require_function,
    show,
)
from utils.exercises.watch import hooks_left, require_module


def exercise_1(answer):
    """The parameters of a linear layer."""
    expect(
        answer,
        69_240,
        [
            (69_120, "The biases are missing, one for each of the 120 outputs"),
            (69_696, "One bias for each output, not for each input"),
            (48_120, "That is with 5 x 5 kernels, which leave 16 * 5 * 5 numbers"),
            (576, "That is how many numbers come in"),
            (69_121, "One bias for each output, not one for all"),
        ],
    )


def exercise_2(answer):
    """A module with one learnable number."""
    require_module(answer)
    with torch.random.fork_rng():
        gain = call(lambda: answer())
    named = dict(gain.named_parameters())
    if list(named) != ["gain"]:
        kind = "a buffer" if "gain" in dict(gain.named_buffers()) else "a plain tensor"
        held = isinstance(getattr(gain, "gain", None), torch.Tensor) and "gain" not in named
        reason = f". `gain` is {kind}: only an nn.Parameter is learnt" if held else ""
        raise WrongAnswer(f"its parameters are {list(named)}, expected ['gain']{reason}")
    expect(named["gain"].detach(), torch.ones(1), [(torch.zeros(1), "Start at 1: change nothing")])
    x = torch.tensor([[1.0, -2.0], [3.0, 0.5]])
    with torch.no_grad():
        named["gain"].fill_(3.0)
    mistakes = [(x, "`forward` returns its input: the gain is not used")]
    mistakes += [(3 + x, "Multiply, do not add"), (x / 3, "Multiply, do not divide")]
    result = call(gain, x)
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
    for widths in ([6, 5, 4, 3], [4, 2], [3, 7, 2]):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            tower = call(lambda widths=widths: answer(widths))
        _require_layers(tower, widths)
        layers = [module for module in tower.modules() if isinstance(module, nn.Linear)]
        x = torch.randn(50, widths[0], generator=generator)
        mistakes = [(_through(layers, x, True, True), "No ReLU after the last layer")]
        mistakes += [(_through(layers, x, False, False), "The ReLU between the layers is missing")]
        expect(call(tower, x).detach(), _through(layers, x, True, False), mistakes)


def _require_layers(tower, widths):
    shapes = [tuple(weight.shape) for weight in tower.parameters() if weight.dim() == 2]
    wanted = list(zip(widths[1:], widths, strict=False))
    if not shapes:
        raise WrongAnswer(
            "the tower has no parameters: layers in a plain list are not seen, nn.ModuleList is"
        )
    if shapes != wanted:
        raise WrongAnswer(f"for widths {widths} the weights are {shapes}, expected {wanted}")


@torch.no_grad()
def _through(layers, x, between, after):
    for place, layer in enumerate(layers, start=1):
        x = layer(x)
        x = x.relu() if (after if place == len(layers) else between) else x
    return x


class _Fails(nn.Module):
    def forward(self, x):
        raise RuntimeError("made to fail")


def exercise_5(answer):
    """Output shapes by hooks, none left behind."""
    require_function(answer)
    with torch.random.fork_rng():
        inner = nn.Sequential(nn.Linear(4, 7), nn.ReLU())
        model = nn.Sequential(inner, nn.Linear(7, 3), nn.Flatten(start_dim=0))
        broken = nn.Sequential(nn.Linear(4, 5), _Fails())
    x = torch.ones(2, 4)
    shapes = call(lambda: answer(model, x))
    if left := hooks_left(model):
        raise WrongAnswer(f"hooks are left on {', '.join(left)}: call `.remove()` on each handle")
    expected = {"0": (2, 7), "1": (2, 3), "2": (6,)}
    if isinstance(shapes, dict) and difference(shapes, expected):
        if "0.0" in shapes:
            raise WrongAnswer(f"got {show(shapes)}; asked for are direct children: named_children")
        if set(shapes) == {"2"}:
            raise WrongAnswer(f"got {show(shapes)}. All hooks see the loop's last name: bind it")
    expect(shapes, expected)
    try:
        answer(broken, x)
    except Exception:
        if left := hooks_left(broken):
            raise WrongAnswer(
                f"when the model raises, hooks are left on {', '.join(left)}: try ... finally"
            ) from None
    else:
        raise WrongAnswer("the model's own error is swallowed; let it through")


def exercise_6(answer):
    """More filters in the first layer and nothing else."""
    reasons = {
        "a": "Nothing adapts: conv2 was made with filters six deep (unless it is a Lazy layer)",
        "c": "The constructor makes each layer by itself; only forward says who follows whom",
    }
    choice(answer, "abc", reasons)
