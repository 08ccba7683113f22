"""Exercises of chapter 08, GPU training."""

from copy import deepcopy
from itertools import accumulate
from statistics import median, median_high, median_low

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from utils.exercises.compare import (
    WrongAnswer,
    call,
    choice,
    chosen,
    difference,
    expect,
    require_function,
    show,
)


def exercise_1(answer):
    """What Adam's training keeps for ten million parameters."""
    expect(
        answer,
        160,
        [
            (40, "Those are the parameters alone"),
            (0.16, "Those are gigabytes"),
            (80, "Parameters and gradients; Adam keeps something for each parameter, too"),
            (120, "Adam keeps two means for each parameter"),
            (160_000_000, "Those are bytes; a megabyte is a million of them"),
            (320, "float32 takes 4 bytes"),
            (152.587890625, "Megabytes of 1,000,000 bytes were asked for"),
        ],
    )


def exercise_2(answer):
    """What becomes of a loop of which a part is made faster."""
    if isinstance(answer, int | float) and abs(answer - 20 / 14) < 0.01:
        return
    expect(
        answer,
        20 / 14,
        [
            (4, "Only the network is; the pictures take 12 ms as before"),
            (0.7, "That is the share of time that is left; turn it over"),
            (14, "That is a step's time afterwards, in ms; how many times as fast is it?"),
            (1.4, "Two digits after the point, please"),
            (20 / 12, "The network still takes a quarter of its 8 ms"),
            (20 / 11, "Four times as fast: the network takes 2 ms, the pictures still 12"),
            (2.5, "The share of the pictures stays; only the 8 ms are divided"),
        ],
    )


class _Device:
    """A device with a queue and a clock of its own: asking takes 1, waiting what was asked for."""

    def __init__(self, lengths):
        self.now, self.queued, self.lengths, self.calls = 0.0, 0.0, lengths, 0

    def work(self):
        self.queued += self.lengths[min(self.calls, len(self.lengths) - 1)]
        self.calls += 1
        self.now += 1

    def wait(self):
        self.now, self.queued = self.now + self.queued, 0.0

    def clock(self):
        return self.now


def exercise_3(answer):
    """Timing a device that answers before it has finished."""
    require_function(answer)
    for lengths in ([900, 10, 14, 300, 12, 11], [500, 20, 50, 30], [5, 20, 50, 30, 300]):
        device, repeats = _Device(lengths), len(lengths) - 1
        times = [float(length + 1) for length in lengths]
        got = call(lambda d=device, n=repeats: answer(d.work, d.wait, d.clock, n))
        if got is None or isinstance(got, list | tuple):
            raise WrongAnswer(f"got {show(got)}, expected one number: return the median")
        if device.calls == repeats and got != median(times[1:]):
            raise WrongAnswer(f"got {got!r}: the first call is a warm-up and does not count")
        expect(got, median(times[1:]), _timing_mistakes(times))


def _timing_mistakes(times):
    """Return (wrong median, words) for `times`, of which the first is the warm-up's."""
    first, counted = times[0], times[1:]
    later, even = "Wait after the warm-up, too", "The median of an even number is the mean of the "
    since_first = list(accumulate(counted))
    return [
        (1.0, "That is the time for asking; wait before reading the clock"),
        (0.0, "The clock is read twice at the same moment"),
        (sum(counted) / len(counted), "That is the mean; one slow piece spoils it"),
        (min(counted), "That is the fastest, not the median"),
        (sum(counted), "That is all of them together"),
        (counted[len(counted) // 2], "That is the middle of the list as it was measured: sort it"),
        (median(times), "The warm-up's time is among them"),
        (median(counted) - 1, "The clock is started after asking; asking is part of the work"),
        (median(since_first), "Each piece has a start of its own: read the clock in the loop"),
        (median([first + counted[0], *counted[1:]]), later),
        (median([first + counted[0] - 1, *counted[1:]]), later),
        (median_high(counted), even + "two in the middle"),
        (median_low(counted), even + "two in the middle"),
        (median(sorted(times)[:-1]), "Drop the first time, not the slowest"),
    ]


def _slopes(model, parts, weigh):
    model = deepcopy(model)
    model.zero_grad()
    for images, labels in parts:
        (cross_entropy(model(images), labels) * weigh(labels)).backward()
    return [parameter.grad for parameter in model.parameters()]


def exercise_4(answer):
    """Gradients of unequal parts."""
    require_function(answer)
    generator = torch.Generator().manual_seed(0)
    model = nn.utils.skip_init(nn.Linear, 4, 3, dtype=torch.float64)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    for sizes in ((5, 2, 1), (4, 4), (3,), (2, 7)):
        images = torch.randn(sum(sizes), 4, generator=generator).double()
        labels = torch.randint(3, (sum(sizes),), generator=generator)
        parts = list(zip(images.split(sizes), labels.split(sizes), strict=True))
        expected, total = _slopes(model, [(images, labels)], lambda _: 1), len(labels)
        ours = deepcopy(model)
        for parameter in ours.parameters():
            parameter.grad = torch.ones_like(parameter)
        early = []  # whether gradients had come in when the second and later parts were computed
        ours.register_forward_pre_hook(
            lambda m, _, seen=early: seen.append(m.weight.grad is not None and m.weight.grad.any())
        )
        call(lambda m=ours, p=parts: answer(m, p))
        if not all(map(torch.equal, ours.parameters(), model.parameters())):
            raise WrongAnswer("the parameters have moved; only gradients were asked for")
        if any(parameter.grad is None for parameter in ours.parameters()):
            raise WrongAnswer("there is no gradient: call `backward` for each part, and clear "
                              "before the parts, not after them")  # fmt: skip
        got = [parameter.grad for parameter in ours.parameters()]
        mistakes = [
            (_slopes(model, parts, lambda _, n=parts: 1 / len(n)), "Divided by the number of "
             "parts, a small part counts as much as a large one"),
            (_slopes(model, parts, lambda _: 1), "That is the sum of the parts' means"),
            (_slopes(model, parts, len), "That is the gradient of the sum; divide by all pictures"),
            (_slopes(model, parts[-1:], lambda _: 1), "Only the last part is left: clear once"),
            (_slopes(model, parts[-1:], lambda y, n=total: len(y) / n),
             "Only the last part is left: clear once"),
            (_slopes(model, parts, lambda _, n=total: 1 / n),
             "The losses are means: multiply each by the number of its pictures first"),
            (_slopes(model, parts, lambda y: 1 / len(y)), "Each loss is already divided by its "
             "own number of pictures"),
            (_slopes(model, parts, lambda y, n=total: n / len(y)), "The share is upside "
             "down: own pictures over all pictures"),
            ([slope + 1 for slope in expected], "The old gradients are still in it"),
        ]  # fmt: skip
        pairs = zip(got, expected, strict=True)
        if found := next(filter(None, (difference(*pair) for pair in pairs)), None):
            named = [
                words
                for wrong, words in mistakes
                if not any(difference(*pair) for pair in zip(got, wrong, strict=True))
            ]
            raise WrongAnswer(". ".join([f"parts of {sizes}: {found}", *named[:1]]))
        if len(early) < len(parts):
            raise WrongAnswer("the gradient is right, but all pictures went through at once: "
                              "compute part by part")  # fmt: skip
        if not all(early[1:]):
            raise WrongAnswer("the gradient is right, but all graphs were kept until the end: call "
                              "`backward` after each part")  # fmt: skip


def exercise_5(answer):
    """Which lines wait for the device."""
    reasons = {
        "a": "`.item()` makes a Python number of it, which has to be known for that",
        "b": "a tensor is added to a tensor, one more job in the queue",
        "c": "`if` has to know which way to go",
        "d": "a shape is known without computing a single number",
        "e": "what is printed must have been computed",
        "f": "comparing, summing and adding stay tensors, jobs in the queue",
    }
    chosen(answer, {"a", "c", "e"}, reasons)


def exercise_6(answer):
    """Why the large batch learns less."""
    reasons = {
        "a": "A mean over more pictures is more exact, not less",
        "c": "An epoch is a pass over all pictures, whatever the batch",
    }
    choice(answer, "abc", reasons)
