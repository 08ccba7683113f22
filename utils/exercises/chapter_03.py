"""Exercises of chapter 03, convolution arithmetic."""

from itertools import product

import torch
from torch.nn import functional as F

from utils.exercises import sliding
from utils.exercises.compare import (
    WrongAnswer,
    choice,
    expect_function,
    expect_value,
    require_function,
    show,
)
from utils.exercises.watch import torch_calls
from utils.shapes import conv_transpose_output_size


def exercise_1(answer):
    """The height after a convolution and a pooling."""
    expect_value(
        answer,
        57,
        [
            ((57, 57), "Both sides are right; asked for is the height, one number"),
            ((64, 57, 57), "Both sides are right; asked for is the height, one number"),
            (113, "That is after the convolution; the pooling halves it again"),
            (112.5, "That is after the convolution, and not yet rounded down"),
            (56, "A padding is missing or counted once instead of twice, or a + 1 is missing"),
            (55, "Padding is missing or counted once in both steps, or both + 1"),
            (56.5, "Each step has a floor, a padding and a + 1 of its own"),
            (58, "Round down in each step"),
        ],
    )


def exercise_2(answer):
    """The parameters of a full and of a depthwise layer."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise WrongAnswer(f"got {show(answer)}, expected a tuple of two numbers")
    small = "The second has 12 filters; with groups=6 each is 6 / 6 = 1 deep and 5 × 5 large, "
    small += "and there is no bias"
    expect_value(
        tuple(answer),
        (1812, 300),
        [
            ((1800, 300), "The first has a bias, one number for each of its 12 filters"),
            ((1806, 300), "A bias for each filter, and there are 12, not 6"),
            ((1812, 1800), "With groups=6 each filter is only 6 / 6 = 1 deep"),
            ((1812, 312), "The second was made with bias=False"),
            ((1812, 150), "12 filters, also with groups; only their depth is divided"),
            ((312, 300), "Filters of the first are 6 deep"),
            ((1800, 312), "The first has a bias, the second has none"),
            ((300, 1812), "The other way round"),
            *(((1812, wrong), small) for wrong in (25, 50, 302, 1812)),
        ],
    )


def _even(x):
    return x[:, :, : x.shape[2] // 2 * 2, : x.shape[3] // 2 * 2]


FIRST = "That takes the first pixel of each window, not the largest"
HALF = "That is the largest of two pixels only; each window has four, in two rows and two columns"
SIDE = "Only one side has become half as long: take the maximum over rows and over columns"
WHOLE = "A maximum over whole axes: each 2 × 2 window has a maximum of its own"


def exercise_3(answer):
    """Max pooling with a 2 x 2 window."""
    require_function(answer)
    generator = torch.Generator().manual_seed(0)
    shapes = [(2, 3, 4, 6), (1, 2, 5, 7), (3, 1, 2, 3)]
    cases = [(torch.randn(shape, generator=generator) - 2,) for shape in shapes]
    mistakes = [
        (lambda x: F.avg_pool2d(x, 2), "That is the mean of each window, not its maximum"),
        (lambda x: F.max_pool2d(x, 2, stride=1), "The windows overlap: move on by two"),
        (lambda x: F.max_pool2d(x, 2, ceil_mode=True), "An odd rest is left out, not kept"),
        (lambda x: _even(x)[:, :, ::2, ::2], FIRST),
        (lambda x: x[:, :, ::2, ::2], FIRST),
        *((lambda x, i=i, j=j: _even(x)[:, :, ::2, ::2].maximum(_even(x)[:, :, i::2, j::2]), HALF)
          for i, j in ((0, 1), (1, 0), (1, 1))),
        *((lambda x, s=s: F.max_pool2d(x, s), SIDE) for s in ((1, 2), (2, 1))),
        *((lambda x, s=s: F.max_pool2d(_even(x), s), SIDE) for s in ((1, 2), (2, 1))),
        (lambda x: x.max(), WHOLE),
        (lambda x: x.max().item(), WHOLE),
        (lambda x: x.amax((2, 3)), WHOLE),
        (lambda x: x.amax((2, 3), keepdim=True), WHOLE),
        *((lambda x, d=d: x.amax(d), WHOLE) for d in (2, 3)),
        (lambda x: -F.max_pool2d(-x, 2), "That is the smallest of each window"),
        (
            lambda x: _even(x).reshape(*x.shape[:2], x.shape[2] // 2, -1, 4).amax(-1),
            "`reshape` takes neighbours in a row, not a square: split each axis by itself",
        ),
        (
            lambda x: F.max_pool2d(x, 2).clamp(min=0),
            "All numbers of a window may be negative: 0 must not win",
        ),
    ]  # fmt: skip
    try:
        expect_function(answer, cases, lambda images: F.max_pool2d(images, 2), mistakes)
    except WrongAnswer as wrong:
        if "your code raised" not in str(wrong) or "(1, 2, 5, 7)" not in str(wrong):
            raise
        odd = "Here both sides are odd: cut off the last row and the last column first"
        raise WrongAnswer(f"{wrong}. {odd}") from wrong
    if used := torch_calls(answer, *cases[0], containing="pool"):
        raise WrongAnswer(f"the numbers are right, but `{used[0]}` is what you should write")


def exercise_4(answer):
    """A transposed convolution without a checkerboard."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise WrongAnswer(f"got {show(answer)}, expected a tuple (kernel_size, padding)")
    try:
        size = conv_transpose_output_size(14, answer[0], stride=2, padding=answer[1])
    except (TypeError, ValueError) as error:
        raise WrongAnswer(f"got {show(answer)}: {error}") from error
    if answer[0] % 2:
        raise WrongAnswer(
            f"a kernel of {answer[0]} with stride 2 covers neighbours unequally, and makes {size} "
            "of 14: its size must be a multiple of the stride"
        )
    if size != 28:
        raise WrongAnswer(f"14 becomes {size}, expected 28. Solve (14 - 1) * 2 - 2p + k = 28")
    prints = F.conv_transpose1d(torch.ones(1, 1, 14), torch.ones(1, 1, answer[0]), None, 2)[0, 0]
    inner = prints[answer[1] + 1 : len(prints) - answer[1] - 1]
    if inner.min() != inner.max():
        raise WrongAnswer(
            f"with {tuple(answer)} more than the outermost ring is covered unevenly: the wider "
            "the kernel, the farther the border reaches in"
        )


def exercise_5(answer):
    """Three dilations that see 15 pixels without a hole."""
    whole = [
        isinstance(d, int) and not isinstance(d, bool) and d > 0
        for d in (answer if isinstance(answer, tuple | list) else [])
    ]
    if len(whole) != 3 or not all(whole):
        raise WrongAnswer(f"got {show(answer)}, expected a tuple of three plain positive integers")
    field = 1 + 2 * sum(answer)
    if field != 15:
        reason = "as before" if field == 7 else "since each layer adds twice its dilation"
        raise WrongAnswer(f"with {tuple(answer)} they see {field} pixels, {reason}; expected 15")
    seen = {sum(steps) for steps in product(*((-d, 0, d) for d in answer))}
    if holes := sorted(set(range(-7, 8)) - seen):
        raise WrongAnswer(
            f"with {tuple(answer)} they span 15 pixels, but {len(holes)} of these are never seen, "
            f"at distances {', '.join(map(str, holes))} from the centre"
        )


def exercise_6(answer):
    """Why a convolution and not a linear layer."""
    reasons = {
        "a": "Each of its outputs sees 25 pixels; the linear layer's see all 784",
        "c": "Count its parameters: 6 filters of 25 weights and a bias",
    }
    choice(answer, "abc", reasons)


exercise_7, exercise_8 = sliding.exercise_7, sliding.exercise_8
