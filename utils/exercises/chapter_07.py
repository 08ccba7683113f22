"""Exercises of chapter 07, the training loop."""

import math

from utils.exercises.clipping import clips
from utils.exercises.compare import (
    choice,
    chosen,
    expect_function,
    expect_value,
)


def exercise_1(answer):
    """How often the weights move."""
    expect_value(
        answer,
        4692,
        [
            (4680, "Besides, the last batch of each epoch, of 80 pictures, moves them too"),
            (391, "That is one epoch"),
            (390, "That is one epoch, and without its last batch"),
            (50048, "Those are pictures; count the batches"),
            (4687.5, "There is no half batch: the last one counts as one"),
            (4688, "The rest is a batch in each epoch, not only once at the end"),
            (600000, "Those are the pictures seen; they come in batches"),
        ],
    )


def exercise_2(answer):
    """Loss and accuracy of an epoch, weighted by batch size."""
    cases = [
        ([0.5, 2.0], [90, 1], [100, 10]),
        ([1.0, 1.0, 4.0], [3, 4, 0], [4, 4, 1]),
        ([0.25], [7], [8]),
        ([2.5, 0.1, 7.0, 0.0], [0, 41, 2, 3], [1, 64, 3, 3]),
    ]

    def right(losses, hits, sizes):
        total = sum(loss * size for loss, size in zip(losses, sizes, strict=True))
        return total / sum(sizes), sum(hits) / sum(sizes)

    def mean_of_means(losses, hits, sizes):
        shares = [hit / size for hit, size in zip(hits, sizes, strict=True)]
        return sum(losses) / len(losses), sum(shares) / len(shares)

    plain, others, per_batch = (
        "A batch of 10 counts there as much as one of 100",
        "Each loss is a mean already: weigh it by its batch's size, and divide by all pictures",
        "Those are right answers a batch; divide by the number of pictures",
    )
    expect_function(
        answer,
        cases,
        right,
        [
            (mean_of_means, plain),
            (lambda x, y, z: (sum(x) / len(x), right(x, y, z)[1]), others),
            (lambda x, y, z: (sum(x) / sum(z), right(x, y, z)[1]), others),
            (lambda x, y, z: (right(x, y, z)[0] * sum(z), right(x, y, z)[1]), others),
            (lambda x, y, z: (right(x, y, z)[0], mean_of_means(x, y, z)[1]), plain),
            (lambda x, y, z: (sum(x) / len(x), sum(y) / len(z)), f"{others}. {per_batch}"),
            (lambda x, y, z: (right(x, y, z)[0], sum(y) / len(z)), per_batch),
            (lambda x, y, z: right(x, y, z)[::-1], "The loss comes first"),
            (lambda *c: (right(*c)[0], 1 - right(*c)[1]), "That is the share of mistakes"),
            (lambda *c: (right(*c)[0], 100 * right(*c)[1]), "As a share from 0 to 1, no percent"),
        ],
    )


def _stopped(losses, patience, tie=False, last=False, anew=True, neighbours=False):
    best, kept, waited = math.inf, 0, 0
    for epoch, loss in enumerate(losses, start=1):
        better = loss < best or (tie and loss == best)
        kept, waited = (epoch, waited * (not anew)) if better else (kept, waited + 1)
        best = loss if better or neighbours else best
        if waited == patience:
            break
    return (epoch if last else kept), epoch


def exercise_3(answer):
    """Early stopping."""
    cases = [
        ([0.9, 0.7, 0.6, 0.65, 0.7, 0.5, 0.4], 2),
        ([0.9, 0.8, 0.7, 0.75, 0.74, 0.6, 0.65], 3),
        ([0.5, 0.4, 0.3], 5),
        ([0.8, 0.6, 0.6, 0.6, 0.5], 2),
        ([0.3, 0.4, 0.35, 0.34], 1),
        ([0.9, 0.8, 0.85, 0.7, 0.75, 0.6], 2),
        ([0.5, 0.6, 0.55, 0.58, 0.57], 3),
        ([7.0, 2.5, 2.5, 1.5, 3.0, 1.5, 1.0], 3),
        ([2.0], 1),
    ]

    def rising(losses, patience):
        rises = [n for n in range(1, len(losses)) if losses[n] > losses[n - 1]]
        return _stopped(losses[: next(iter(rises), len(losses)) + 1], len(losses))

    expect_function(
        answer,
        cases,
        _stopped,
        [
            (lambda x, p: (x.index(min(x)) + 1, _stopped(x, p)[1]), "That epoch is never reached"),
            (lambda x, p: (x.index(min(x)) + 1, len(x)), "That never stops"),
            (
                lambda x, p: _stopped(x, p, anew=False),
                "Begin to count anew after each new lowest loss",
            ),
            (lambda *c: _stopped(*c, neighbours=True), "Compare with the lowest so far"),
            (lambda x, p: (min(x), _stopped(x, p)[1]), "The number of the epoch, not its loss"),
            (lambda x, p: _stopped(x, p, last=True), "Keep the best epoch's weights, not the last"),
            (lambda *c: tuple(n - 1 for n in _stopped(*c)), "Epochs are counted from 1"),
            (lambda x, p: _stopped(x, p, tie=True), "An equal loss is no new lowest one"),
            (lambda x, p: _stopped(x, p + 1), "That waits one epoch too long"),
            (lambda x, p: _stopped(x, p)[::-1], "The epoch to keep comes first"),
            (rising, "That stops at the first rise; be patient"),
        ],
    )


def exercise_4(answer):
    """Clipping the gradient as a whole."""
    clips(answer)


def exercise_5(answer):
    """Which lines spoil a loop."""
    reasons = {
        "a": "what `backward` has just computed is cleared before `step` can use it",
        "b": "cleared at any moment before `backward`, old slopes do no harm",
        "c": "dropout stays off while learning, and with it the remedy against learning by heart",
        "d": "the optimizer still holds the parameters of the model that is gone",
        "e": "hits a batch is no accuracy; divide by the number of pictures",
    }
    chosen(answer, {"a", "c", "d", "e"}, reasons)


def exercise_6(answer):
    """The best of twenty on the test set."""
    reasons = {
        "a": "Not trained on, but chosen by: the choice has seen it",
        "c": "With more settings the luckiest is luckier still",
    }
    choice(answer, "abc", reasons)
