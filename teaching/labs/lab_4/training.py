"""Lab 4, tasks 2 and 4: one training step, and the evaluation of a model."""

from copy import deepcopy

import torch
from torch import nn
from torch.nn import functional as F

from utils.exercises.compare import WrongAnswer, call, difference, expect, require_function, show
from utils.exercises.watch import Witness


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
