"""Checks of what is computed on the way back: a loss's gradient, and how large gradients are."""

import torch
from torch import nn
from torch.nn import functional as F

from utils.exercises.calling import call
from utils.exercises.compare import expect, require_function
from utils.exercises.verdict import WrongAnswer, show
from utils.exercises.watch import require_no_autograd


def gives_cross_entropy_gradient(answer):
    """Raise WrongAnswer unless (logits, labels) give cross-entropy's gradient, without autograd."""
    require_function(answer)
    generator = torch.Generator().manual_seed(0)
    sizes = ((4, 3, 1), (1, 5, 1), (3, 6, 1), (2, 4, 300))
    cases = [
        (scale * torch.randn(count, classes, generator=generator),
         torch.randint(classes - 1, (count,), generator=generator))
        for count, classes, scale in sizes
    ]  # fmt: skip
    for logits, labels in cases:
        leaf = logits.clone().requires_grad_()
        F.cross_entropy(leaf, labels).backward()
        result = call(answer, logits, labels)
        count, shares = len(labels), logits.softmax(dim=1)
        target = F.one_hot(labels, logits.shape[1])
        mistakes = [
            (leaf.grad * count, "The loss is a mean over the batch: divide by its length"),
            (leaf.grad * count / logits.numel(), "Divide by the number of pictures, not of logits"),
            (-leaf.grad, "The sign: probability minus target"),
            (shares / count, "The target is missing: the right class has 1 less"),
            (shares, "That is softmax; the target is missing, and the mean over the batch"),
            ((logits - target) / count, "Softmax first: probabilities, not logits, minus target"),
            ((logits.softmax(dim=0) - target) / count, "Softmax over the classes, dim=1"),
            ((logits.sigmoid() - target) / count, "Softmax, not sigmoid: the sum must be 1"),
            ((shares - 1) / count, "Only the right class has 1 less, not all of them"),
            ((shares.log() - target) / count, "No logarithm: it is gone from the gradient"),
        ]
        if isinstance(result, torch.Tensor) and result.isnan().any():
            raise WrongAnswer("not a number: `exp` of a large logit is infinite; use `softmax`")
        expect(result, leaf.grad, mistakes)
    require_no_autograd(answer, *cases[0])


def reports_gradient_sizes(answer):
    """Raise WrongAnswer unless a model gives {name: root mean square of the gradient}."""
    require_function(answer)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3), nn.Linear(3, 2))
        model[2].requires_grad_(False)
        model(torch.randn(5, 1, 4, 4)).square().sum().backward()
    own = [(name, p) for name, p in model.named_parameters() if p.grad is not None]
    grads = [p.grad.clone() for _, p in own]
    result = call(lambda: answer(model))  # not copied, since a copy has no gradients
    if not isinstance(result, dict):
        raise WrongAnswer(f"got {show(result)}, expected a dictionary {{name: size}}")
    if [*result] != [name for name, _ in own]:
        raise WrongAnswer(f"got the names {show([*result])}; expected those of the parameters that "
                          f"have a gradient: {show([name for name, _ in own])}")  # fmt: skip
    for before, (name, p) in zip(grads, own, strict=True):
        if p.grad is None or not torch.equal(before, p.grad):
            raise WrongAnswer(f"the gradient of {name} has been changed; only look at it")
    try:
        got = torch.tensor([float(size) for size in result.values()])
    except (TypeError, ValueError, RuntimeError):
        raise WrongAnswer(f"got {show(result)}, expected one number for each name") from None
    wrong = {
        "Square first: positive and negative gradients cancel in a mean": lambda g, p: g.mean(),
        "That is the mean size; square, mean, root": lambda g, p: g.abs().mean(),
        "The root is missing": lambda g, p: g.square().mean(),
        "That is the length, which grows with the number of weights; mean, not sum":
            lambda g, p: g.norm(),
        "The mean is not to be subtracted; that is a standard deviation": lambda g, p: g.std(),
        "That is the largest; square, mean, root": lambda g, p: g.abs().max(),
        "That is the size of the weights; look at `.grad`": lambda g, p: p.square().mean().sqrt(),
    }  # fmt: skip

    def sizes(rule):
        return torch.stack([rule(p.grad, p.detach()) for _, p in own])

    expect(got, sizes(lambda g, p: g.square().mean().sqrt()),
           [(sizes(rule), words) for words, rule in wrong.items()])  # fmt: skip
