"""Lab 4: its numbers, and what judges the answers, both drawn from the teacher's seed."""

from itertools import pairwise

from teaching.labs.lab_4 import training
from utils.exercises.compare import WrongAnswer, expect_function, expect_value, show


def numbers(draw):
    weight, x = draw.sample([2, 3, 4, 5], 2)
    target = weight * x + 1 + draw.choice([-7, -4, -3, 3, 4, 7])
    return {"weight": weight, "x": x, "target": target, "rate": draw.choice([0.01, 0.02, 0.05])}


def task_1(answer, given, draw):
    weight, x, target, rate = (given[name] for name in ("weight", "x", "target", "rate"))
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise WrongAnswer(f"got {show(answer)}, expected a tuple of two numbers")
    error = weight * x + 1 - target
    slope = 2 * error * x

    def pair(slope, rate=rate):
        return float(slope), float(weight - rate * slope)

    expect_value(
        tuple(float(part) if isinstance(part, int) else part for part in answer),
        pair(slope),
        [
            (pair(slope, -rate), "Downhill: subtract the learning rate times the gradient"),
            (pair(slope, 1), "The learning rate is missing in the step"),
            (pair(2 * error), "The way to the weight goes on, times x"),
            (pair(error * x), "The derivative of a square is twice what is squared"),
            (pair(-slope), "The sign: the error is prediction minus target"),
            (pair(2 * error * weight), "The derivative for the weight is x, not the weight"),
            (pair(slope)[::-1], "The gradient comes first"),
            ((pair(slope)[0], float(-rate * slope)), "That is how far it moves; where is it then?"),
        ],
    )


def _walk(start, slopes, rate, momentum, sign=-1, damped=False, first=False, last=False):
    weight, velocity, weights = start, 0.0, [start] if first else []
    for slope in slopes:
        velocity = momentum * velocity + (1 - momentum if damped else 1) * slope
        weight += sign * rate * velocity
        weights.append(weight)
    return weights[-1] if last else weights


def task_3(answer, given, draw):
    cases = []
    for count, momentum in (4, 0.9), (3, 0.5), (2, 0.0):
        slopes = [round(draw.uniform(-3, 3), 2) for _ in range(count)]
        cases.append((float(draw.randrange(1, 6)), slopes, draw.choice([0.1, 0.2]), momentum))
    expect_function(
        answer,
        cases,
        _walk,
        [
            (lambda w, g, r, m: _walk(w, g, r, 0), "The velocity is forgotten after each step"),
            (lambda w, g, r, m: _walk(w, g, r, m, sign=1), "Downhill: subtract"),
            (lambda w, g, r, m: _walk(w, g, r, m, damped=True), "The gradient enters whole, not "
             "times (1 - momentum)"),
            (lambda w, g, r, m: _walk(w, g, r, m, first=True), "The list begins after the first "
             "step"),
            (lambda w, g, r, m: _walk(w, g, r, m, last=True), "The weight after each step, in a "
             "list"),
            (lambda w, g, r, m: _walk(w, g, 1, m), "The learning rate is not used"),
        ],
    )  # fmt: skip


def _stopped(losses, patience, base=1, late=0, whole=False, reset=False):
    for last in range(len(losses)):
        best = min(range(last + 1), key=losses.__getitem__)
        since = last - best
        if reset:  # waits for epochs in a row that are worse than the one before
            worse = [b >= a for a, b in pairwise(losses[: last + 1])]
            since = next((n for n, one in enumerate(reversed(worse)) if not one), len(worse))
        if since == patience + late:
            break
    if whole:
        best = min(range(len(losses)), key=losses.__getitem__)
    return best + base, last + base


def task_5(answer, given, draw):
    low = round(draw.uniform(0.3, 0.4), 2)
    cases = [
        ([0.9, 0.7, low, 0.6, 0.5, 0.45, 0.42, 0.1], 3),
        ([0.8, low, low, low + 0.2, 0.2], 2),
        ([0.9, 0.8, 0.7, low], draw.choice([1, 2])),
        ([0.9, low, 0.5, 0.45, 0.6, 0.2, 0.3, 0.4], draw.choice([4, 5])),
    ]
    expect_function(
        answer,
        cases,
        _stopped,
        [
            (lambda x, p: _stopped(x, p, base=0), "Epochs count from 1"),
            (lambda x, p: _stopped(x, p, late=1), "One epoch too many: it ends with the epoch that "
             "makes the wait as long as `patience`"),
            (lambda x, p: _stopped(x, p, late=-1), "One epoch too few"),
            (lambda x, p: _stopped(x, p, whole=True), "Epochs after the end are never trained, so "
             "none of them can be kept"),
            (lambda x, p: _stopped(x, p, reset=True), "Compare with the lowest so far, not with "
             "the epoch before"),
            (lambda x, p: _stopped(x, p)[::-1], "The epoch to keep comes first"),
            (lambda x, p: _stopped(x, p)[0], "Give both: the epoch to keep, and the last one"),
            (lambda x, p: (_stopped(x, p)[0], len(x)), "Training is never ended"),
            (lambda x, p: (_stopped(x, p, whole=True)[0], len(x)), "Training is never ended"),
        ],
    )  # fmt: skip


task_2, task_4 = training.task_2, training.task_4
