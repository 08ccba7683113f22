"""Exercise 7.4: gradients to be clipped as a whole, and what may go wrong with them."""

import torch
from torch import nn

from utils.exercises.calling import call
from utils.exercises.compare import difference, expect, require_function
from utils.exercises.verdict import WrongAnswer, show

ADDED = "Lengths do not add up, squares do"


class _Once:
    """An iterator, as `model.parameters()` is, that counts how often somebody begins with it."""

    def __init__(self, values):
        self.rest, self.begun = iter(values), 0

    def __iter__(self):
        self.begun += 1
        return self

    def __next__(self):
        return next(self.rest)


def _with_slopes(slopes):
    generator = torch.Generator().manual_seed(0)
    parameters = [nn.Parameter(torch.randn(slope.shape, generator=generator)) for slope in slopes]
    for parameter, slope in zip(parameters, slopes, strict=True):
        parameter.grad = slope.clone()
    return [parameters[0], nn.Parameter(torch.zeros(2)), *parameters[1:]]


def _scaled(slopes, factors):
    return [slope * factor for slope, factor in zip(slopes, factors, strict=True)]


def _mistakes(slopes, longest, given, moved):
    length = torch.cat([slope.flatten() for slope in slopes]).norm()
    lengths = sum(slope.norm() for slope in slopes)
    own = [min(1.0, longest / slope.norm()) for slope in slopes]
    rebound = "Nothing is shortened: `slope = slope * factor` makes a new tensor"
    nothing = (
        "Parameters can be gone through only once: make a list" if given.begun > 1 else rebound
    )
    if moved:
        nothing = "The weights themselves are shortened, not their gradients"
    return [
        (_scaled(slopes, own), "Each parameter is clipped by itself; that turns the direction"),
        ([slope.clamp(-longest, longest) for slope in slopes], "Values cut one by one turn it"),
        (_scaled(slopes, [longest / length] * len(slopes)), "What is short enough stays as it is"),
        (slopes, nothing),
        (_scaled(slopes, [min(1.0, longest / lengths)] * len(slopes)), ADDED),
        (_scaled(slopes, [longest / lengths] * len(slopes)), ADDED),
        (_scaled(slopes, [1 / length] * len(slopes)), "`longest` is left out: the length is 1 now"),
        (
            _scaled(slopes, [longest / length**2] * len(slopes)),
            "The root of the sum of squares is missing",
        ),
    ]


def clips(answer):
    """Raise WrongAnswer unless `answer` clips in place, as a whole, and returns the length."""
    require_function(answer)
    slopes = [torch.tensor([[3.0, 0.0], [0.0, 4.0]]), torch.tensor([12.0])]  # 5, 12 and 13 long
    uneven = [torch.tensor([[0.3, -0.4, 1.2]]), torch.tensor(-0.5), torch.tensor([0.0, 2.0])]
    cases = [(slopes, longest) for longest in (1.3, 13.0, 50.0, 6.5, 1)]
    cases += [(uneven, 0.25), (uneven, 2.0), ([torch.zeros(3)], 1.0), ([torch.tensor([7.0])], 2.0)]
    for case in cases:
        _clipped(answer, *case)


def _clipped(answer, slopes, longest):
    parameters, oracle = _with_slopes(slopes), _with_slopes(slopes)
    given, old = _Once(parameters), [parameter.grad for parameter in parameters]
    weights = [parameter.detach().clone() for parameter in parameters]
    length = call(lambda: answer(given, longest))
    words = f"longest={longest:g}: "
    if any(p.grad is not before for p, before in zip(parameters, old, strict=True)):
        raise WrongAnswer("`.grad` has become another tensor; change it in place")
    expected = nn.utils.clip_grad_norm_(oracle, longest)
    results = [p.grad for p in parameters if p.grad is not None]
    wanted = [p.grad for p in oracle if p.grad is not None]
    moved = any(map(difference, parameters, weights))
    found = next(filter(None, map(difference, results, wanted)), None)
    if found:
        named = [
            text
            for wrong, text in _mistakes(slopes, longest, given, moved)
            if not any(map(difference, results, wrong))
        ]
        raise WrongAnswer(". ".join([words + found, *named[:1]]))
    if moved:
        raise WrongAnswer("the gradients are right, but the weights have been changed, too")
    if length is None:
        raise WrongAnswer("the gradients are right, but nothing is returned: return the length")
    if not isinstance(length, int | float | torch.Tensor) or torch.as_tensor(length).numel() != 1:
        raise WrongAnswer(f"{words}got {show(length)}, expected the length before, {expected:g}")
    lengths = sum(slope.norm() for slope in slopes).item()
    after = (min(longest, expected.item()), "That is the length afterwards; return the one before")
    mistakes = [after, (expected.item() ** 2, "That is its square")]
    mistakes += [(lengths, ADDED)]
    expect(float(length), float(expected), mistakes)
