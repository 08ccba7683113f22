"""Exercises 3.7 and 3.8 of chapter 03: a convolution as loops, and as a matrix."""

from itertools import product

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

    def fewer(image, kernel, stride):
        down, across = (torch.tensor(conv(image, kernel, 1).shape) // stride).tolist()
        return conv(image, kernel, stride)[:down, :across]

    count = "Count the places: subtract k, divide by the stride, and only then add 1"
    mistakes = [
        (lambda x, w, s: conv(x, w, 1), "The window moves by one pixel; move it by `stride`"),
        (fewer, count),
        (lambda x, w, s: conv(x, w, s)[:-1, :-1], f"The first place counts, too. {count}"),
        (lambda x, w, s: conv(x, w.flip(0, 1), s), "The kernel is turned upside down"),
        (lambda x, w, s: conv(x, w, 1)[: len(conv(x, w, s)), : conv(x, w, s).shape[1]],
         "The size is right, but the window moves by one pixel: begin at `row * stride`"),
        (lambda x, w, s: conv(x, w, s).T, "Rows and columns are exchanged"),
    ]  # fmt: skip
    try:
        expect_function(answer, cases, conv, mistakes)
    except WrongAnswer as wrong:
        if not any(words in str(wrong) for words in ("must match the size", "out of bounds")):
            raise
        raise WrongAnswer(
            f"{wrong}. There are fewer places than pixels: count the places, and loop over these"
        ) from wrong
    if used := torch_calls(answer, *cases[0], containing="conv"):
        raise WrongAnswer(f"the numbers are right, but `{used[0]}` is what you should write")


def exercise_8(answer):
    """The matrix of a convolution."""
    require_function(answer)
    generator = torch.Generator().manual_seed(0)
    sizes = [((3, 3), 4, 4), ((2, 3), 4, 5), ((1, 2), 2, 3), ((3, 3), 3, 3), ((2, 2), 3, 5)]
    cases = [
        (torch.randint(1, 9, size, generator=generator).float(), *image) for size, *image in sizes
    ]

    def matrix(kernel, height, width):
        pixels = torch.eye(height * width).reshape(-1, 1, height, width)
        return F.conv2d(pixels, kernel[None, None]).flatten(1).T

    def misnumbered(rows, height, width, whole=False):
        """Row r * width + c of `rows` goes where r * height + c belongs, as one or by weight."""
        filled = torch.zeros_like(rows)
        for r, c in product(range(height), range(width)):
            row, place = rows[r * width + c], filled[r * height + c]
            place.copy_(row if whole else row.where(row != 0, place))
        return filled

    def outputs(kernel, height, width):
        return height - kernel.shape[0] + 1, width - kernel.shape[1] + 1

    numbered = "The output is wider than high: its row r begins at row r * output width"
    expect_function(
        answer,
        cases,
        matrix,
        [
            (lambda *case: matrix(*case).T, "A row belongs to an output, a column to a pixel"),
            (lambda w, *case: matrix(w.flip(0, 1), *case), "The kernel is turned upside down"),
            (lambda w, h, b: matrix(w, b, h), "Height and width are exchanged"),
            (lambda *case: misnumbered(matrix(*case), *outputs(*case)), numbered),
            (lambda *case: misnumbered(matrix(*case), *outputs(*case), whole=True), numbered),
            (lambda *case: misnumbered(matrix(*case).T, *case[1:]).T,
             "The picture is wider than high: its row r begins at pixel r * width"),
        ],
    )  # fmt: skip
