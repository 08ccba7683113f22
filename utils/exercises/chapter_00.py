"""Exercises of chapter 00, start here."""

import torch

from utils.exercises.compare import WrongAnswer, choice, chosen, expect_function, expect_value, show


def exercise_1(answer):
    """The count of numbers in the training pictures."""
    expect_value(
        answer,
        60_000 * 28 * 28,
        [
            (28 * 28, "That is one picture; the training set has 60,000"),
            (60_000 * 28, "That is one row of each picture; each has 28 rows"),
            (60_000, "That counts pictures; each consists of 28 * 28 numbers"),
            (70_000 * 28 * 28, "That includes the 10,000 test pictures"),
            ((60_000, 28, 28), "That is the shape; multiply the three, one number was expected"),
        ],
    )
    return "47 million numbers, one byte each."


def exercise_2(answer):
    """Accuracy as a fraction."""

    def oracle(predictions, labels):
        return (predictions == labels).float().mean().item()

    expect_function(
        answer,
        [
            (torch.tensor([9, 0, 0, 3]), torch.tensor([9, 0, 1, 3])),
            (torch.tensor([2, 7, 2, 5]), torch.tensor([7, 2, 5, 5])),
            (torch.tensor([1, 1]), torch.tensor([1, 1])),
        ],
        oracle,
        [
            (
                lambda p, y: (p == y).sum().item(),
                "That is a count; divide it by how many there are",
            ),
            (lambda p, y: 100 * oracle(p, y), "That is a percentage; a fraction lies in 0 to 1"),
            (lambda p, y: 1 - oracle(p, y), "That is the share of errors; count what is equal"),
            (
                lambda p, y: (p == y).float().mean(),
                "Still a tensor; `.item()` takes the number out",
            ),
            (lambda p, y: (p == y).sum().item() // len(y), "`//` cuts off the fraction; use `/`"),
            (lambda p, y: round(oracle(p, y)), "Do not round: a fraction was asked for"),
            (lambda p, y: round(oracle(p, y), 1), "Do not round: more digits are needed"),
            *((_divided_by(count), DIVISOR) for count in (4, 100, 1000, 10_000, 60_000)),
        ],
        [("could not infer output dtype", "Write `.float()` before `.mean()`")],
    )


DIVISOR = "How many labels there are differs from call to call: divide by `len(labels)`"


def _divided_by(count):
    return lambda predictions, labels: (predictions == labels).sum().item() / count


def exercise_3(answer):
    """The omissions that leave the network untrained."""
    chosen(
        answer,
        {"b", "c"},
        {
            "a": "without `zero_grad` old directions pile up, but the weights do change",
            "b": "`step` moves along directions that `backward` has found; and if none was found?",
            "c": "finding a direction is not moving; which line moves the weights?",
        },
    )


def exercise_4(answer):
    """What a share of 99 % says."""
    choice(
        answer,
        "abc",
        {
            "a": "The shares compare the classes; how often they are right must be measured",
            "c": "A cat would get shares too, and they would add up to 1 as well",
        },
    )


def exercise_5(answer):
    """What a traceback says: kind, line, remedy."""
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise WrongAnswer(
            f'got {show(answer)}, expected three things, such as ("TypeError", 1, "a")'
        )
    kind, line, remedy = answer
    if kind is NameError:
        raise WrongAnswer("the kind is right; write it as text, in quotes")
    if isinstance(kind, str) and kind.startswith("NameError: "):
        raise WrongAnswer("the kind of error is only the word before the colon")
    if not isinstance(kind, str) or kind.strip(" :") != "NameError":
        raise WrongAnswer(f"the kind {show(kind)} is not it: the last line begins with it")
    if isinstance(line, str) and line.strip() == "3":
        raise WrongAnswer("the line is right; write it as a number, without quotes")
    if isinstance(line, bool) or line != 3:
        number = " That is the number of the cell, `In[1]`." if line == 1 else ""
        raise WrongAnswer(f"line {show(line)} is not it: the arrow points at the line.{number}")
    reasons = {
        "a": "`count` was defined in line 1 and did no harm; which name is missing?",
        "c": "without the line the error is gone, and so is the training",
    }
    choice(remedy, "abc", reasons)


STEPS = {
    "a": (3, "`step` moves the parameters, again and again"),
    "b": (1, "dividing makes of pixels the numbers that a network takes"),
    "c": (4, "it compares the network's answers with the labels"),
    "d": (2, "it makes a layer, before anything is learnt"),
}


def exercise_6(answer):
    """Lines and the steps they belong to."""
    if isinstance(answer, set):
        raise WrongAnswer(f"got {show(answer)}: a set has no order; write a tuple, in ( )")
    if isinstance(answer, str) or (isinstance(answer, int) and len(str(answer)) == len(STEPS)):
        raise WrongAnswer(
            f"got {show(answer)}: write a tuple of four numbers, such as (1, 1, 1, 1)"
        )
    if not isinstance(answer, tuple | list) or len(answer) != len(STEPS):
        raise WrongAnswer(f"got {show(answer)}, expected four numbers, one for each line")
    for number, (letter, (right, reason)) in zip(answer, STEPS.items(), strict=True):
        if isinstance(number, bool) or number not in (1, 2, 3, 4):
            quotes = ", without quotes" if isinstance(number, str) else ""
            raise WrongAnswer(
                f"got {show(number)} for line {letter}, expected one of 1, 2, 3, 4{quotes}"
            )
        if number != right:
            raise WrongAnswer(f"line {letter} is not of step {number}: {reason}")
