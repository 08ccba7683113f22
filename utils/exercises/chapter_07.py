"""Exercises of chapter 07, the training loop."""

import math

from utils.exercises.clipping import clips
from utils.exercises.compare import choice, chosen, expect_function
from utils.exercises.confused import finds_the_most_confused
from utils.exercises.training import resumes, trains_an_epoch


def exercise_1(answer):
    """A rate from a sweep, or the news that the sweep was too narrow."""
    cases = [
        ({0.001: [0.7, 0.72], 0.003: [0.8, 0.74], 0.01: [0.81, 0.7]},),
        ({0.1: [0.5, 0.9], 0.3: [0.8, 0.8], 1.0: [0.1, 0.1]},),
        ({0.01: [0.6, 0.6], 0.03: [0.7, 0.7], 0.1: [0.8, 0.8]},),
        ({0.3: [0.7, 0.71], 0.01: [0.5, 0.5], 0.1: [0.8, 0.79], 0.03: [0.6, 0.75]},),
        ({0.3: [0.5], 0.01: [0.9], 0.1: [0.8], 0.03: [0.6]},),
        ({0.1: [0.9], 0.01: [0.5], 0.3: [0.3], 0.03: [0.6]},),
        ({0.01: [0.5], 0.03: [0.9], 0.1: [0.6, 0.6, 0.6], 0.3: [0.2]},),
        ({0.01: [0.6], 0.03: [0.5], 0.1: [0.8], 0.3: [0.7]},),
    ]

    def mean(values):
        return sum(values) / len(values)

    def best(results, of=mean, choose=max):
        return choose(results, key=lambda rate: of(results[rate]))

    def right(results, of=mean, ends=lambda rates: (min(rates), max(rates)), choose=max):
        rate = best(results, of, choose)
        return None if rate in ends([*results]) else rate

    expect_function(
        answer,
        cases,
        right,
        [
            (lambda r: None, "None in every case: is the `return` missing?"),
            (best, "The best rate lies at the edge there: a better one may lie beyond it"),
            (lambda r: right(r, max), "That goes by the luckiest seed; take the mean"),
            (lambda r: best(r, max), "That goes by the luckiest seed; take the mean"),
            (lambda r: right(r, min), "That goes by the unluckiest seed; take the mean"),
            (lambda r: right(r, lambda v: v[0]), "That looks at the first seed alone"),
            (lambda r: right(r, sum), "That is a sum: rates may have different numbers of seeds"),
            (lambda r: right(r, choose=min), "That is the lowest accuracy"),
            (
                lambda r: right(r, ends=lambda rates: (rates[0], rates[-1])),
                "The rates may stand in any order: the edges are the smallest and the largest",
            ),
            (lambda r: right(r, ends=lambda rates: [max(rates)]), "There are two edges"),
            (lambda r: right(r, ends=lambda rates: [min(rates)]), "There are two edges"),
            (lambda r: mean(r[best(r)]), "The rate is asked for, not its accuracy"),
        ],
    )


def exercise_2(answer):
    """The loop, from memory."""
    trains_an_epoch(answer)


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

    def foreseen(losses, patience):
        return losses.index(min(losses)) + 1, losses.index(min(losses)) + 1 + patience

    def foreseen_within(losses, patience):
        return tuple(min(epoch, len(losses)) for epoch in foreseen(losses, patience))

    later = "Later losses are not known yet: read in order, and stop"
    expect_function(
        answer,
        cases,
        _stopped,
        [
            (lambda x, p: (x.index(min(x)) + 1, _stopped(x, p)[1]), "That epoch is never reached"),
            (lambda x, p: (x.index(min(x)) + 1, len(x)), "That never stops"),
            (foreseen, later),
            (foreseen_within, later),
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
        "b": "cleared at any moment before `backward`, old gradients do no harm",
        "c": "dropout stays off while it learns: the remedy against overfitting is gone",
        "d": "the optimizer still holds the parameters of the model that is gone",
        "e": "correct predictions a batch are no accuracy; divide by the number of pictures",
    }
    chosen(answer, {"a", "c", "d", "e"}, reasons)


def exercise_6(answer):
    """The best of twenty on the test set."""
    reasons = {
        "a": "Not trained on, but chosen by: the choice has seen it",
        "c": "With more settings the luckiest is luckier still",
    }
    choice(answer, "abc", reasons)


def exercise_7(answer):
    """The most frequent confusion, by share of the row."""
    finds_the_most_confused(answer)


def exercise_8(answer):
    """A run that goes on from its checkpoint."""
    resumes(answer)
