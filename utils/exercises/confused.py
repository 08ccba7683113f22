"""Exercise 7.7: the mistake that takes the largest share of its row, and the ways to miss it."""

import torch

from utils.exercises.compare import expect_function

TABLES = (
    [[90, 8, 2], [30, 160, 10], [1, 4, 45]],
    [[5, 4, 1], [2, 97, 1], [50, 10, 940]],
    [[10, 0, 0, 0], [0, 3, 5, 0], [20, 0, 60, 0], [0, 1, 0, 1]],
    [[7, 3], [1, 9]],
    [[50, 6, 4], [3, 20, 1], [0, 2, 8]],
    [[28, 5, 1], [8, 13, 2], [7, 6, 4]],
)


def _places(values):
    return divmod(values.argmax().item(), len(values))


def _off(values, diagonal=-1):
    return values.double().clone().fill_diagonal_(diagonal)


def _right(counts):
    return _places(_off(counts / counts.sum(dim=1, keepdim=True)))


def _of_mistakes(counts):
    """Return shares of a row's mistakes: 0 divided by 0, nan, where there are none."""
    wrong = _off(counts, 0)
    return wrong / wrong.sum(dim=1, keepdim=True)


def finds_the_most_confused(answer):
    """Raise WrongAnswer unless `answer` gives row and column of the largest share."""
    diagonal = "The diagonal is what was right: leave it out"
    whole = "That is a share of the mistakes; divide by the whole row"
    plain = "Plain numbers are asked for: `.item()`"
    expect_function(
        answer,
        [(torch.tensor(table),) for table in TABLES],
        _right,
        [
            (lambda c: _places(_off(c)), "Classes differ in size: divide each row by its sum"),
            (lambda c: _places(c.double()), diagonal),
            (lambda c: _places(c / c.sum(dim=1, keepdim=True)), diagonal),
            (
                lambda c: _places(_off(c / c.sum(dim=0, keepdim=True))),
                "Those are shares of the columns; a row is a true class",
            ),
            (
                lambda c: _places(_off(c / c.sum(dim=1))),
                "Each row must be divided by its own sum: `sum(dim=1, keepdim=True)`",
            ),
            (lambda c: _places(_of_mistakes(c)), whole),
            (lambda c: _places(_off(_of_mistakes(c))), whole),
            (lambda c: _places(_of_mistakes(c).nan_to_num()), whole),
            (lambda c: tuple(map(torch.tensor, _right(c))), plain),
            (lambda c: torch.tensor(_right(c)), plain),
            (lambda c: torch.tensor([_right(c)]), plain),
            (lambda c: _right(c)[::-1], "The true class comes first: it is the row"),
            (
                lambda c: _right(c)[0] * len(c) + _right(c)[1],
                "That counts through the whole table: row and column are asked for",
            ),
        ],
        [("for divmod()", plain)],
    )
