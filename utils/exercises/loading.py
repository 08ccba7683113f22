"""Exercises 2.7 to 2.9 of chapter 02: a collate function, statistics by channel, time spent."""

import torch

from utils.exercises.compare import (
    WrongAnswer,
    call,
    difference,
    expect,
    expect_function,
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


def _statistics(dataset, correction=0, dims=(0, 2, 3)):
    images = torch.stack([dataset[index][0] for index in range(len(dataset))]).double()
    deviation = images.std(dim=dims, correction=correction)
    return images.mean(dim=dims).float(), deviation.float()


def _mean_of_deviations(dataset):
    images = torch.stack([dataset[index][0] for index in range(len(dataset))])
    mean = images.mean(dim=(0, 2, 3))
    return mean, images.std(dim=(2, 3), correction=0).mean(dim=0)


class _Pictures(list):
    """A dataset of which a message says in a few words what it holds."""

    def __repr__(self):
        return f"a dataset of {len(self)} pictures of shape {tuple(self[0][0].shape)}"


def _pictures(count, channels, size, generator):
    scale = torch.rand(count, channels, 1, 1, generator=generator)  # dark and bright pictures
    images = scale * torch.rand(count, channels, *size, generator=generator)
    return _Pictures((image, number) for number, image in enumerate(images))


def exercise_8(answer):
    """Mean and standard deviation per channel."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(5, 3, (4, 6)), (1, 3, (3, 3)), (4, 1, (2, 5)), (3, 4, (5, 2))]
    expect_function(
        answer,
        [(_pictures(*shape, generator),) for shape in shapes],
        _statistics,
        [
            (lambda d: _statistics(d, 1), "Population, not sample: `correction=0`"),
            (
                _mean_of_deviations,
                "A mean of the pictures' standard deviations leaves out that some pictures are "
                "darker than others: take it over all pixels at once",
            ),
            (
                lambda d: tuple(one.mean() for one in _statistics(d, dims=(0, 1, 2, 3))),
                "One number for all channels; leave the channel axis out of `dim`",
            ),
            (lambda d: _statistics(d)[::-1], "The mean comes first"),
            (
                lambda d: (_statistics(d)[0], _statistics(d)[1] ** 2),
                "That is the variance; the standard deviation is its square root",
            ),
            (
                lambda d: tuple(one[:, None, None] for one in _statistics(d)),
                "The numbers are right; return them in shape (channels,)",
            ),
        ],
    )


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

    def __len__(self):
        return len(self.seconds)

    def __iter__(self):
        for number, seconds in enumerate(self.seconds):
            self.clock.now += seconds
            self.served += 1
            yield number


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

        def step(batch, clock=clock, seen=seen, training=training):
            seen.append(batch)
            clock.now += training[batch % len(training)]

        got = call(lambda: answer(loader, step, clock))  # noqa: B023
        if seen != list(range(len(loading))):
            raise WrongAnswer(f"`step` was called with batches {seen}, expected {len(loading)} in "
                              "their order, each once")  # fmt: skip
        if loader.served != len(loading):
            raise WrongAnswer(f"the loader was asked for {loader.served} batches in place of "
                              f"{len(loading)}: go through it once")  # fmt: skip
        waiting, whole = sum(loading), clock.now - 100.0
        mistakes = [
            (waiting, "Those are seconds; divide by the time of the whole epoch"),
            (1 - waiting / whole, "That is the share of the training steps; the wait is the rest"),
            (100 * waiting / whole, "That is a percentage; a share lies in 0 to 1"),
            ((waiting - loading[0]) / whole, "The wait for the first batch counts, too"),
            (waiting / (whole - waiting), "Divide by the whole epoch, not by the training alone"),
            (loading[-1] / whole, "Add up the waits of all batches"),
            (1.0, "The clock is read after `step`: read it as soon as a batch is there, too"),
        ]
        expect(got, waiting / whole, mistakes)
