"""Exercises 2.7 and 2.9 of chapter 02: a collate function, and time spent."""

from itertools import accumulate

import torch

from utils.exercises.compare import (
    WrongAnswer,
    call,
    difference,
    expect,
    require_function,
    show,
)

SIZES = [[(2, 3), (4, 1)], [(1, 5)], [(3, 3), (3, 3), (3, 3)], [(1, 2), (5, 4), (2, 6), (4, 1)]]


def exercise_7(answer):
    """Pad pictures of unequal size to one batch."""
    require_function(answer)
    generator = torch.Generator().manual_seed(0)
    for sizes in SIZES:
        samples = [
            (torch.rand(1, *size, generator=generator) + 0.1, 9 - number)
            for number, size in enumerate(sizes)
        ]
        got = call(answer, samples)
        if not isinstance(got, tuple | list) or len(got) != 2:
            raise WrongAnswer(f"got {show(got)}, expected a pair: images and labels")
        _compare_images(got[0], samples, sizes)
        labels = torch.tensor([label for _, label in samples])
        found = difference(got[1], labels)
        if found:
            raise WrongAnswer(f"labels: {found}")


def _compare_images(images, samples, sizes):
    height, width = (max(side) for side in zip(*sizes, strict=True))
    given = "pictures of " + ", ".join(f"{h} × {w}" for h, w in sizes)
    padded = {name: _padded(samples, height, width, name) for name in ("corner", "far", "centre")}
    found = difference(images, padded["corner"])
    if not found:
        return
    reason = ""
    if isinstance(images, torch.Tensor) and images.shape == (len(sizes), height, width):
        reason = ". The channel axis is missing"
    elif isinstance(images, torch.Tensor) and images.dim() == 4:
        if difference(images, padded["far"]) is None:
            reason = ". The zeros belong at the right and at the bottom, not at the left and top"
        elif difference(images, padded["centre"]) is None:
            reason = ". The picture belongs in the upper left corner, not in the centre"
        elif max(images.shape[2:]) > max(height, width) or images.shape[2] == images.shape[3]:
            reason = ". Height and width each grow to their own largest, in this batch"
        elif images.shape == padded["corner"].shape and images.min() > 0:
            reason = ". What is added is zero; a resized picture has other pixels"
    raise WrongAnswer(f"given {given}: {found}{reason}")


def _padded(samples, height, width, place):
    batch = torch.zeros(len(samples), 1, height, width)
    for number, (image, _) in enumerate(samples):
        down, across = height - image.shape[1], width - image.shape[2]
        share = {"corner": (0, 0), "far": (down, across), "centre": (down // 2, across // 2)}[place]
        top, left = share
        batch[number, :, top : top + image.shape[1], left : left + image.shape[2]] = image
    return batch


class _Clock:
    """Seconds that pass only while a batch is loaded or trained on."""

    def __init__(self):
        self.now, self.asked = 100.0, 0

    def __call__(self):
        self.asked += 1
        return self.now


class _Loader:
    def __init__(self, clock, seconds):
        self.clock, self.seconds, self.served = clock, seconds, 0
        self.batches = [(f"images {n}", f"labels {n}") for n in range(len(seconds))]

    def __len__(self):
        return len(self.seconds)

    def __iter__(self):
        for batch, seconds in zip(self.batches, self.seconds, strict=True):
            self.clock.now += seconds
            self.served += 1
            yield batch


def exercise_9(answer):
    """The share of an epoch that is spent waiting for batches."""
    require_function(answer)
    for loading, training in [
        ([1.0, 2.0, 2.0], [3.0, 1.0]),
        ([4.0], [1.0]),
        ([0.0, 0.5, 2.5], [1.0]),
    ]:
        clock, seen = _Clock(), []
        loader = _Loader(clock, loading)

        def step(batch, *more, clock=clock, seen=seen, training=training):
            clock.now += training[len(seen) % len(training)]
            seen.append([batch, *more] if more else batch)

        got = call(lambda: answer(loader, step, clock))  # noqa: B023
        whole_batch = loader.batches[0]
        if seen and (seen[0] in whole_batch or seen[0] == list(whole_batch)):
            raise WrongAnswer("`step` was called with a part of the batch, or with its parts: give "
                              "it the batch as it comes, `step(batch)`")  # fmt: skip
        if seen != loader.batches:
            raise WrongAnswer(f"`step` was called with batches {show(seen)}, expected "
                              f"{len(loading)} in their order, each once")  # fmt: skip
        if loader.served != len(loading):
            raise WrongAnswer(f"the loader was asked for {loader.served} batches in place of "
                              f"{len(loading)}: go through it once")  # fmt: skip
        if not clock.asked:
            raise WrongAnswer("`clock` was never called: use the clock that you were given, not "
                              "one of `time`")  # fmt: skip
        waiting, whole = sum(loading), clock.now - 100.0
        own = zip(loading, training * len(loading), strict=False)
        passed = list(accumulate(second for pair in own for second in pair))[::2]  # when they came
        again = "The steps were counted as waiting, too: read the clock again after each step"
        mistakes = [
            (waiting, "Those are seconds; divide by the time of the whole epoch"),
            (1 - waiting / whole, "That is the share of the training steps; the wait is the rest"),
            (100 * waiting / whole, "That is a percentage; a share lies in 0 to 1"),
            ((waiting - loading[0]) / whole, "The wait for the first batch counts, too"),
            (waiting / (whole - waiting), "Divide by the whole epoch, not by the training alone"),
            (loading[-1] / whole, "Add up the waits of all batches"),
            (sum(passed) / whole, again),
            (passed[-1] / whole, again),
            (1.0, "The clock is read after `step`: read it as soon as a batch is there, too"),
        ]
        expect(got, waiting / whole, mistakes)
