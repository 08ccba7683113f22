"""Exercises of chapter 09, distributed training."""

from unittest import mock

import torch
from torch.utils.data import DistributedSampler

from utils.exercises import ranks
from utils.exercises.compare import choice, chosen, expect_function, expect_value
from utils.exercises.verdict import WrongAnswer, show


def exercise_1(answer):
    """Steps of an epoch, shared by eight."""
    expect_value(
        answer,
        235,
        [
            (234, "The last batch of each worker, of 12 pictures, is a step too"),
            (234.375, "There is no part of a step: the last batch is smaller, and counts as one"),
            (1875, "That is one worker's epoch; eight share the pictures"),
            (1880, "The eight workers take each step together"),
            (7500, "Those are a worker's pictures; they come in batches"),
        ],
    )


def exercise_2(answer):
    """Rank and world size on several machines."""
    cases = [(0, 0, 4, 8), (3, 7, 4, 8), (1, 2, 2, 4), (2, 0, 3, 5), (4, 1, 6, 2)]
    expect_function(
        answer,
        cases,
        ranks.whoami,
        ranks.RANK_MISTAKES,
    )


def exercise_3(answer):
    """The mean of means, weighted."""
    cases = [
        ([torch.tensor([1.0, -2.0]), torch.tensor([5.0, 2.0])], [3, 1]),
        ([torch.tensor([[2.0]]), torch.tensor([[4.0]]), torch.tensor([[9.0]])], [10, 20, 2]),
        ([torch.tensor([0.5, 0.25, 8.0])], [7]),
    ]

    def total(gradients, sizes):
        return sum(gradient * size for gradient, size in zip(gradients, sizes, strict=True))

    expect_function(
        answer,
        cases,
        lambda gradients, sizes: total(gradients, sizes) / sum(sizes),
        [
            (
                lambda gradients, sizes: sum(gradients) / len(gradients),
                "That is the plain mean: a picture counts more where there are few; weigh them",
            ),
            (total, "That is the sum over all pictures; divide by how many there are"),
            (
                lambda gradients, sizes: total(gradients, sizes) / len(sizes),
                "You divide by the number of workers; divide by the number of pictures",
            ),
            (
                lambda gradients, sizes: sum(gradients) / sum(sizes),
                "Each gradient is a mean already: multiply it by its size before adding",
            ),
            (
                lambda gradients, sizes: total(gradients, sizes) * len(sizes) / sum(sizes),
                "That is what each worker hands to DDP, which divides by the workers; nobody does",
            ),
            (lambda gradients, sizes: sum(gradients), "That is a sum of means"),
        ],
    )


class _Asked(BaseException):
    """PyTorch's own sampler was made."""


def exercise_4(answer):
    """What DistributedSampler gives."""
    cases = [(7, 2, 0), (7, 2, 1), (12, 4, 3), (10, 4, 2), (10, 4, 3), (11, 4, 0), (9, 4, 3)]
    cases += [(3, 3, 1), (5, 1, 0)]

    expect_function(
        answer,
        cases,
        lambda *case: list(DistributedSampler(range(case[0]), *case[1:], shuffle=False)),
        ranks.SHARE_MISTAKES,
    )
    with mock.patch.object(DistributedSampler, "__init__", side_effect=_Asked):
        try:
            answer(7, 2, 1)
        except _Asked:
            raise WrongAnswer(
                "the numbers are right, but they are DistributedSampler's: write it without"
            ) from None


def exercise_5(answer):
    """What a ring sends."""
    cases = [(32_998, 2, 10), (10**6, 4, 0.5), (10**9, 64, 2), (500, 1, 3)]

    def sent(parameters, workers, steps, share=None, size=4, time=3600, unit=1e6):
        share = 2 * (workers - 1) / workers if share is None else share
        return share * size * parameters * steps * time / unit

    expect_function(
        answer,
        cases,
        sent,
        [
            (lambda p, n, s: sent(p, n, s, size=1), "A float32 has four bytes"),
            (
                lambda p, n, s: sent(p, n, s, size=8),
                "A float32 has four bytes, and only what is sent counts, not what is received",
            ),
            (lambda p, n, s: sent(p, n, s, time=1), "That is one second; an hour has 3,600"),
            (lambda p, n, s: sent(p, n, s, time=60), "That is one minute; an hour has 3,600 s"),
            (lambda p, n, s: sent(p, n, s, unit=1), "Those are bytes; a megabyte is 10⁶"),
            (lambda p, n, s: sent(p, n, s, unit=1e9), "Those are gigabytes; megabytes were asked"),
            (lambda p, n, s: sent(p, n, s, unit=2**20), "A megabyte is 10⁶ bytes here"),
            (
                lambda p, n, s: sent(p, n, s, share=(n - 1) / n),
                "The ring goes round twice: once to add, once to hand out the sums",
            ),
            (
                lambda p, n, s: sent(p, n, s, share=2 * (n - 1)),
                "In each of the 2(n - 1) steps only an n-th of the gradient is sent",
            ),
            (
                lambda p, n, s: sent(p, n, s, share=1),
                "A ring does not send the gradient exactly once: see 2(n - 1)/n",
            ),
            (lambda p, n, s: sent(p, n, s, share=2), "It is twice only for very many workers"),
        ],
    )


def exercise_6(answer):
    """Which lines spoil a script."""
    reasons = {
        "a": "worker 0 waits for three others that never call `all_reduce`",
        "b": "all four draw the same order, and learn from the same pictures",
        "c": "the networks are equal, so one worker writes for all, and no two write one file",
        "d": "those are worker 0's correct predictions; add up over all workers first",
        "e": "the others wait for the gradients of a worker that has left",
    }
    chosen(answer, {"a", "b", "d", "e"}, reasons)


def exercise_7(answer):
    """Two workers with the old batch each."""
    reasons = {
        "a": "Rounding changes only the last digits. How many pictures does one step see here?",
        "c": "DDP takes the mean of the workers' gradients, not the sum",
    }
    choice(answer, "abc", reasons)


def exercise_8(answer):
    """Who died first, by a log."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise WrongAnswer(f'got {show(answer)}, expected a rank and a letter, such as (0, "a")')
    echo = "It complains that another was gone: an echo, and a worker that complains still lives"
    expect_value(
        answer[0],
        6,
        [
            (2, "That is its LOCAL_RANK; on machine 1 the ranks do not start at 0"),
            (0, "Its exit code is 1, but compare the times: the other machine failed earlier"),
            *[(rank, echo) for rank in (1, 3, 5, 7)],
            (4, "It was ended by torchrun; which LOCAL_RANK had failed?"),
            (13_423, "That is the process's number; its rank was asked"),
        ],
    )
    reasons = {
        "a": "An error in Python is exit code 1 and leaves a traceback; what is exit code -9?",
        "b": "Then nobody would have ended by a signal; what is exit code -9?",
        "d": "torchrun sends SIGTERM, exit code -15; and nobody had failed before this one",
    }
    choice(answer[1], "abcd", reasons)
