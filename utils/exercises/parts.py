"""Exercise 8.4: gradients of unequal parts, and the ways to weigh them wrongly."""

from copy import deepcopy

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from utils.exercises.calling import call
from utils.exercises.compare import difference, require_function
from utils.exercises.verdict import WrongAnswer


def _slopes(model, parts, weigh):
    model = deepcopy(model)
    model.zero_grad()
    for images, labels in parts:
        (cross_entropy(model(images), labels) * weigh(labels)).backward()
    return [parameter.grad for parameter in model.parameters()]


def accumulates(answer):
    """Raise WrongAnswer unless `answer` makes the gradient of all pictures, part by part."""
    require_function(answer)
    generator = torch.Generator().manual_seed(0)
    model = nn.utils.skip_init(nn.Linear, 4, 3, dtype=torch.float64)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    for sizes in ((5, 2, 1), (4, 4), (3,), (2, 7)):
        images = torch.randn(sum(sizes), 4, generator=generator).double()
        labels = torch.randint(3, (sum(sizes),), generator=generator)
        parts = list(zip(images.split(sizes), labels.split(sizes), strict=True))
        expected, total = _slopes(model, [(images, labels)], lambda _: 1), len(labels)
        ours = deepcopy(model)
        for parameter in ours.parameters():
            parameter.grad = torch.ones_like(parameter)
        early = []  # whether gradients had come in when the second and later parts were computed
        ours.register_forward_pre_hook(
            lambda m, _, seen=early: seen.append(m.weight.grad is not None and m.weight.grad.any())
        )
        call(lambda m=ours, p=parts: answer(m, p))
        if not all(map(torch.equal, ours.parameters(), model.parameters())):
            raise WrongAnswer("the parameters have moved; only gradients were asked for")
        if any(parameter.grad is None for parameter in ours.parameters()):
            raise WrongAnswer("there is no gradient: call `backward` for each part, and clear "
                              "before the parts, not after them")  # fmt: skip
        got = [parameter.grad for parameter in ours.parameters()]
        twos = sum(map(len, parts))
        mistakes = [
            (_slopes(model, parts, lambda _, n=parts: 1 / len(n)), "Divided by the number of "
             "parts, a small part counts as much as a large one"),
            (_slopes(model, parts, lambda _: 1), "That is the sum of the parts' means"),
            (_slopes(model, parts, len), "That is the gradient of the sum; divide by all pictures"),
            (_slopes(model, parts[-1:], lambda _: 1), "Only the last part is left: clear once"),
            (_slopes(model, parts[-1:], lambda y, n=total: len(y) / n),
             "Only the last part is left: clear once"),
            (_slopes(model, parts, lambda _, n=total: 1 / n),
             "The losses are means: multiply each by the number of its pictures first"),
            (_slopes(model, parts, lambda y: 1 / len(y)), "Each loss is already divided by its "
             "own number of pictures"),
            (_slopes(model, parts, lambda y, n=total: n / len(y)), "The share is upside "
             "down: own pictures over all pictures"),
            *[(_slopes(model, parts, weigh), "`len` of a pair is 2; count its labels")
              for weigh in (lambda y, n=twos: len(y) / n, lambda _, n=twos: 1 / n,
                            lambda _, n=total: 2 / n)],
            ([slope + 1 for slope in expected], "The old gradients are still in it"),
        ]  # fmt: skip
        pairs = zip(got, expected, strict=True)
        if found := next(filter(None, (difference(*pair) for pair in pairs)), None):
            named = [
                words
                for wrong, words in mistakes
                if not any(difference(*pair) for pair in zip(got, wrong, strict=True))
            ]
            raise WrongAnswer(". ".join([f"parts of {sizes}: {found}", *named[:1]]))
        if len(early) < len(parts):
            raise WrongAnswer("the gradient is right, but all pictures went through at once: "
                              "compute part by part")  # fmt: skip
        if len(early) > len(parts) and not all(early[1:]):
            raise WrongAnswer(f"the gradient is right, but the model was called {len(early)} times "
                              f"for {len(parts)} parts: once for each is enough")  # fmt: skip
        if not all(early[1:]):
            raise WrongAnswer("the gradient is right, but all graphs were kept until the end: call "
                              "`backward` after each part")  # fmt: skip
