"""Exercises 3.7 and 3.8 of chapter 03: a convolution as loops, and as a matrix."""

import torch
from torch.nn import functional as F

from utils.exercises.compare import WrongAnswer, expect_function, require_function
from utils.exercises.watch import torch_calls


def exercise_7(answer):
    """A convolution as loops, with a stride."""
    require_function(answer)
    generator = torch.Generator().manual_seed(0)
    sizes = [((5, 5), (3, 3), 2), ((6, 9), (2, 3), 3), ((4, 7), (3, 1), 1), ((8, 5), (3, 2), 2)]
    cases = [
        (*(torch.randint(-4, 5, size, generator=generator).float() for size in shapes), stride)
        for *shapes, stride in sizes
    ]

    def conv(image, kernel, stride):
        return F.conv2d(image[None, None], kernel[None, None], stride=stride)[0, 0]

    expect_function(
        answer,
        cases,
        conv,
        [
            (lambda x, w, s: conv(x, w, 1), "The window moves by one pixel; move it by `stride`"),
            (lambda x, w, s: conv(x, w.flip(0, 1), s), "The kernel is turned upside down"),
            (lambda x, w, s: conv(x, w, 1)[: len(conv(x, w, s)), : conv(x, w, s).shape[1]],
             "The size is right, but the window moves by one pixel: begin at `row * stride`"),
            (lambda x, w, s: conv(x, w, s).T, "Rows and columns are exchanged"),
        ],
    )  # fmt: skip
    if used := torch_calls(answer, *cases[0], containing="conv"):
        raise WrongAnswer(f"the numbers are right, but `{used[0]}` is what you should write")


def exercise_8(answer):
    """The matrix of a convolution."""
    require_function(answer)
    generator = torch.Generator().manual_seed(0)
    sizes = [((3, 3), 4, 4), ((2, 3), 4, 5), ((1, 2), 2, 3), ((3, 3), 3, 3)]
    cases = [
        (torch.randint(1, 9, size, generator=generator).float(), *image) for size, *image in sizes
    ]

    def matrix(kernel, height, width):
        pixels = torch.eye(height * width).reshape(-1, 1, height, width)
        return F.conv2d(pixels, kernel[None, None]).flatten(1).T

    expect_function(
        answer,
        cases,
        matrix,
        [
            (lambda *case: matrix(*case).T, "A row belongs to an output, a column to a pixel"),
            (lambda w, *case: matrix(w.flip(0, 1), *case), "The kernel is turned upside down"),
            (lambda w, h, b: matrix(w, b, h), "Height and width are exchanged"),
        ],
    )
