"""Exercises of chapter 06, gradients."""

import torch

from utils.exercises.backward import gives_cross_entropy_gradient, reports_gradient_sizes
from utils.exercises.compare import (
    NotAttempted,
    WrongAnswer,
    call,
    choice,
    chosen,
    difference,
    expect,
    expect_value,
    require_function,
    show,
)
from utils.exercises.watch import require_no_autograd


def exercise_1(answer):
    """The gradient of (weight * 3 - 1) ** 2 at weight 2."""
    if isinstance(answer, torch.Tensor) and answer.numel() == 1:
        answer = answer.item()
    expect_value(
        answer,
        30,
        [
            (5, "That is the error; backward has not begun"),
            (6, "Twice the error, or 2 times 3? It is 6 - 1, and its derivative goes on, times 3"),
            (10, "That is the square's derivative alone; the way to the weight goes on, times 3"),
            (25, "That is the loss, not its derivative"),
            (15, "The derivative of a square is twice what came in"),
            (20, "The derivative of `weight * 3` for the weight is 3, not the weight"),
            (-30, "The sign: pushing the weight up makes 6 - 1 larger, and its square too"),
            (90, "Times 3 once; it stands in one node only"),
        ],
    )


def _pushed(f, x, step, both_ways=True, halved=True):
    slopes = torch.zeros_like(x)
    for place in range(x.numel()):
        push = torch.zeros_like(x)
        push.view(-1)[place] = step
        other = f(x - push) if both_ways else f(x)
        slopes.view(-1)[place] = (f(x + push) - other) / (step * (1 + (both_ways and halved)))
    return slopes


def exercise_2(answer):
    """The gradient by pushing each element both ways."""
    require_function(answer)
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(2, 3, generator=generator, dtype=torch.float64)
    row = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)
    cases = [
        (lambda x: (x**3).sum(), row, 0.1),
        (lambda x: (x.sin() * x.flatten()[0]).sum(), matrix, 1e-4),
        (lambda x: (x**2).sum().item(), torch.tensor(3.0, dtype=torch.float64), 0.01),
    ]
    for f, x, step in cases:
        expected, before = _pushed(f, x, step), x.clone()
        result = call(lambda f=f, x=x, step=step: answer(f, x, step))
        if not torch.equal(x, before):
            raise WrongAnswer("x has been changed; push a copy of it")
        expect(
            result,
            expected,
            [
                (_pushed(f, x, step, both_ways=False), "That pushes one way; push both ways"),
                (_pushed(f, x, step, halved=False), "Two steps lie between the sides: 2 * step"),
                (-expected, "The sign: f(x + push) comes first"),
                (expected * 2 * step, "That is the difference; divide it by 2 * step"),
                (expected * step**2, "`/ 2 * step` multiplies by step: write `/ (2 * step)`"),
                (_pushed(f, x, -step, both_ways=False), "That pushes one way; push both ways"),
                (_exact(f, x), "That is autograd's gradient, or your own step: push by `step`"),
                (torch.full_like(x, expected.sum().item()), "Push one element at a time"),
            ],
        )


def _exact(f, x):
    leaf = x.clone().requires_grad_()
    value = f(leaf)
    return torch.autograd.grad(value, leaf)[0] if isinstance(value, torch.Tensor) else x * 0


def exercise_3(answer):
    """The backward pass of the squared error behind a linear layer."""
    require_function(answer)
    generator = torch.Generator().manual_seed(0)
    for count, inputs, outputs in ((5, 4, 3), (1, 2, 6), (3, 3, 3), (4, 3, 1), (2, 1, 1)):
        shapes = (count, inputs), (outputs, inputs), (outputs,), (count, outputs)
        case = [torch.randn(shape, generator=generator).double() for shape in shapes]
        leaves = [tensor.clone().requires_grad_() for tensor in case[:3]]
        loss = ((leaves[0] @ leaves[1].T + leaves[2] - case[3]) ** 2).mean()
        expected = torch.autograd.grad(loss, leaves)
        results = call(answer, *case)
        if not isinstance(results, tuple | list) or len(results) != 3:
            raise WrongAnswer(f"got {show(results)}, expected three gradients: x, weight, bias")
        for name, got, right in zip(("x", "weight", "bias"), results, expected, strict=True):
            mistakes = [
                (right / 2, "The derivative of a square is twice the error"),
                (right * outputs, "`mean` divides by all elements of the output, not by N"),
                (right * count * outputs, "`mean` divides, and so does its derivative"),
                (right * count * outputs / 2, "Twice the error, over the number of all elements"),
                (right * count, "`mean` divides by all elements, not by the number of outputs"),
                (-right, "The sign: the error is output minus target"),
                (right / count, "It is felt in each picture: sum over them, do not average"),
                (right.T if right.ndim == 2 else right, "Turned over: a gradient has the shape "
                                                        "of what it belongs to"),
            ]  # fmt: skip
            try:
                expect(got, right, mistakes)
            except WrongAnswer as wrong:
                raise WrongAnswer(f"the gradient of {name}: {wrong}") from None
    require_no_autograd(answer, *case)


def exercise_4(answer):
    """Which backward calls raise."""
    reasons = {
        "a": "sigmoid's derivative is made of its own result, and that has been changed in place",
        "b": "the derivative of `* 3` does not depend on the result, so changing it does no harm",
        "c": "three outputs: `backward` needs a vector that says how much each counts",
        "d": "adding a constant and summing keep nothing that could have been dropped",
        "e": "squaring keeps x, and the first `backward` has dropped it",
    }
    chosen(answer, {"a", "c", "e"}, reasons)


def exercise_5(answer):
    """Rounding forward, nothing backward."""
    if not (isinstance(answer, type) and issubclass(answer, torch.autograd.Function)):
        raise WrongAnswer(f"got {show(answer)}, expected a class that extends autograd.Function")
    if not vars(answer).keys() & {"forward", "backward"}:
        raise NotAttempted("not attempted yet")
    x = torch.tensor([-1.6, -0.2, 0.4, 2.5, 2.7])
    leaf = x.clone().requires_grad_()
    result = call(lambda: answer.apply(leaf))
    mistakes = [(x, "Forward rounds; only backward pretends that nothing happened")]
    mistakes += [((x + 0.5).floor(), "2.5 lies half-way, and `round` takes the even neighbour")]
    mistakes += [(x.trunc(), "That cuts the digits off; `round`"), (x.floor(), "That rounds down")]
    expect(result, x.round(), mistakes)
    if not result.requires_grad:
        raise WrongAnswer("the result does not depend on x any more: return `x.round()` itself")
    slopes = torch.tensor([1.0, -2.0, 0.5, 3.0, 0.0])
    call(lambda: result.backward(slopes))
    if leaf.grad is None:
        raise WrongAnswer("no gradient arrives at x: `backward` must return one")
    expect(
        leaf.grad,
        slopes,
        [
            (torch.zeros(5), "That is rounding's true derivative, with which nothing is learnt"),
            (torch.ones(5), "The derivative 1 has to be multiplied by what arrives"),
            (slopes.round(), "Backward rounds too; it should pass on what arrives"),
            (2 * slopes, "Nothing happened: no factor 2"),
            (-slopes, "Nothing happened: the sign stays"),
            (slopes * x, "Pass on what arrives; x does not matter"),
        ],
    )
    if difference(leaf.detach(), x):
        raise WrongAnswer("x itself is rounded in place; `x.round()` makes a new tensor")


def exercise_6(answer):
    """Adding up losses with their graphs."""
    reasons = {
        "a": "`eval` changes how some layers compute, not what is recorded; look at the sum",
        "c": "Nothing goes backward here; and `.grad` has its parameter's shape for ever",
    }
    choice(answer, "abc", reasons)


def exercise_7(answer):
    """Softmax minus target, over the batch."""
    gives_cross_entropy_gradient(answer)


def exercise_8(answer):
    """How large the gradient of each parameter is."""
    reports_gradient_sizes(answer)
