"""Lab 4: its numbers, and what judges the answers, both drawn from the teacher's seed."""

from copy import deepcopy
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from utils.exercises.compare import (
    WrongAnswer,
    call,
    difference,
    expect,
    expect_function,
    expect_value,
    require_function,
    show,
)
from utils.exercises.watch import Witness


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


def _data(draw, count, classes=3):
    generator = torch.Generator().manual_seed(draw.randrange(2**31))
    images = torch.randn(count, 4, generator=generator)
    return images, torch.randint(classes, (count,), generator=generator)


def _network(draw):
    """Return a model whose answers depend on its mode, and that notes how it was asked."""
    generator = torch.Generator().manual_seed(draw.randrange(2**31))
    parts = [nn.utils.skip_init(nn.Linear, 4, 5), nn.BatchNorm1d(5), Witness()]
    model = nn.Sequential(*parts, nn.utils.skip_init(nn.Linear, 5, 3))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    model[1].running_mean.copy_(torch.randn(5, generator=generator))
    return model


def _stepped(model, images, labels, clear=True, sign=1, mode=True):
    """Return (loss, number right, model after the step) as the rule of task 2 would make them."""
    model = deepcopy(model).train(mode)
    logits = model(images)
    loss = F.cross_entropy(logits, labels)
    slopes = torch.autograd.grad(loss, list(model.parameters()))
    with torch.no_grad():
        for parameter, slope in zip(model.parameters(), slopes, strict=True):
            parameter -= 0.1 * sign * (slope + (0 if clear else 1))
    return loss.item(), (logits.argmax(1) == labels).sum().item(), model


def _moved(one, other):
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return any(difference(a.detach(), b.detach()) for a, b in pairs)


def task_2(answer, given, draw):
    require_function(answer)
    for count in 9, 4:
        images, labels = _data(draw, count)
        model = _network(draw).eval()
        loss, right, after = _stepped(model, images, labels)
        wrong = [
            (model, "The parameters have not moved: is `optimizer.step()` there?"),
            (_stepped(model, images, labels, clear=False)[2], "Gradients of an earlier step have "
             "entered: clear them before `backward`"),
            (_stepped(model, images, labels, sign=-1)[2], "Uphill: `loss.backward()`, without a "
             "minus"),
            (_stepped(model, images, labels, mode=False)[2], "The model was in evaluation mode"),
        ]  # fmt: skip
        ours = deepcopy(model)
        for parameter in ours.parameters():
            parameter.grad = torch.ones_like(parameter)  # of an earlier step
        optimizer = torch.optim.SGD(ours.parameters(), lr=0.1)
        got = call(lambda m=ours, o=optimizer, x=images, y=labels: answer(m, o, x, y))
        if _moved(ours, after):
            reasons = [words for one, words in wrong if not _moved(ours, one)]
            raise WrongAnswer(". ".join(["the parameters after the step differ", *reasons[:1]]))
        if not isinstance(got, tuple | list) or len(got) != 2:
            raise WrongAnswer(f"got {show(got)}, expected the loss and the number of right answers")
        later = _stepped(after, images, labels)
        expect(
            tuple(got),
            (loss, right),
            [
                ((loss, right / count), "How many were right, not which share"),
                ((loss, count - right), "Those are the wrong answers"),
                ((loss, later[1]), "The right answers are counted after the step"),
                ((later[0], later[1]), "Both numbers are from after the step"),
                ((loss * count, right), "The loss is the mean, not the sum"),
                ((torch.tensor(loss), right), "`.item()` makes a plain number of the loss"),
                ((loss, torch.tensor(right)), "`.item()` makes a plain number of the count"),
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


def task_4(answer, given, draw):
    require_function(answer)
    for sizes in (6, 5, 2), (4, 4), (7,):
        model = _network(draw)
        model.train(draw.choice([True, False]))
        was, batches = model.training, [_data(draw, size) for size in sizes]
        ours = deepcopy(model)
        ours[2].seen.clear()
        got = call(lambda m=ours, b=batches: answer(m, b))
        right, learning = (_scores(model, batches, mode) for mode in (False, True))
        parts = [_scores(model, [batch], False) for batch in batches]
        mean = tuple(sum(part[k] for part in parts) / len(parts) for k in range(2))
        total = tuple(sum(part[k] for part in parts) for k in range(2))
        count = sum(sizes)
        by_batch = "The mean of the batches' means gives a small batch too much weight"
        try:
            expect(
                tuple(got) if isinstance(got, list) else got,
                right,
                [
                    (mean, by_batch), ((mean[0], right[1]), by_batch),
                    ((right[0], mean[1]), by_batch),
                    (learning, "The model was asked in training mode"),
                    (total, "Divide by the number of pictures"),
                    ((right[0] * count, right[1] * count), "Divide by the number of pictures"),
                    ((right[0], right[1] * count), "The share of right answers, not their number"),
                    ((total[0] / count, right[1]), "`cross_entropy` gives means: multiply each by "
                     "the size of its batch before adding"),
                ],
            )  # fmt: skip
        except WrongAnswer as wrong:
            raise WrongAnswer(f"batches of {sizes}: {wrong}") from None
        if ours.training != was or ours[1].training != was:
            raise WrongAnswer(f"the numbers are right, but the model is left in another mode: "
                              f"training was {was}")  # fmt: skip
        if any(recorded for recorded, _ in ours[2].seen):
            raise WrongAnswer("the numbers are right, but gradients are recorded: `torch.no_grad`")


def _scores(model, batches, mode):
    model = deepcopy(model).train(mode)
    loss = right = count = 0
    with torch.no_grad():
        for images, labels in batches:
            logits = model(images)
            loss += F.cross_entropy(logits, labels, reduction="sum").item()
            right += (logits.argmax(1) == labels).sum().item()
            count += len(labels)
    return loss / count, right / count


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
