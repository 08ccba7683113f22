"""Exercises of chapter 08, GPU training."""

import torch

from utils.exercises.compare import choice, chosen, expect_function, expect_value
from utils.exercises.parts import accumulates
from utils.exercises.timing import measures


def exercise_1(answer):
    """What Adam's training keeps for ten million parameters."""
    expect_value(
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
    expect_value(
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


def exercise_3(answer):
    """Timing a device that answers before it has finished."""
    measures(answer)


def exercise_4(answer):
    """Gradients of unequal parts."""
    accumulates(answer)


def exercise_5(answer):
    """Which lines wait for the device."""
    reasons = {
        "a": "`.item()` makes a Python number of it, which has to be known for that",
        "b": "a tensor is added to a tensor, one more job in the queue",
        "c": "`bool`, as `if`, has to know the result",
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


def _erased(images, tops, lefts, size):
    images = images.clone()
    for picture, top, left in zip(images, tops, lefts, strict=True):
        picture[:, top : top + size, left : left + size] = 0
    return images


def _everywhere(images, tops, lefts, size):
    images = images.clone()
    for top, left in zip(tops, lefts, strict=True):
        images[:, :, top : top + size, left : left + size] = 0
    return images


def _up_to_size(images, tops, lefts, size):
    images = images.clone()
    for picture, top, left in zip(images, tops, lefts, strict=True):
        picture[:, top:size, left:size] = 0
    return images


def _first_channel(images, tops, lefts, size):
    return torch.cat([_erased(images[:, :1], tops, lefts, size), images[:, 1:]], dim=1)


def exercise_7(answer):
    """A square hidden in each picture, in a place of its own."""
    generator = torch.Generator().manual_seed(0)
    cases = []
    for count, channels, height, width, size in ((4, 3, 7, 9, 3), (3, 1, 6, 5, 2), (1, 2, 4, 4, 1)):
        tops = torch.randint(height - size, (count,), generator=generator)
        lefts = torch.randint(width - size, (count,), generator=generator)
        images = torch.rand(count, channels, height, width, generator=generator) + 1
        cases.append((images, tops, lefts, size))
    expect_function(
        answer,
        cases,
        _erased,
        [
            (lambda x, t, p, s: _erased(x, p, t, s), "Rows and columns are swapped: `tops` counts "
             "along the height"),
            (lambda x, t, p, s: _erased(x, t[:1].expand_as(t), p[:1].expand_as(p), s),
             "All pictures have the first one's square; each has a corner of its own"),
            (_everywhere, "Every picture has all the squares: index the picture, too"),
            (_up_to_size, "The square ends at `tops[n] + size`"),
            (_first_channel, "Only the first channel is hidden"),
            (lambda x, t, p, s: _erased(x, t, p, s + 1), "The square is one too large: it ends "
             "before row `top + size`"),
            (lambda x, t, p, s: _erased(x, t + 1, p + 1, s - 1), "The corner itself belongs to "
             "the square"),
            (lambda x, t, p, s: x - _erased(x, t, p, s), "That keeps the square and hides "
             "the rest"),
            (lambda x, t, p, s: x, "Nothing is hidden; is it the copy that you return?"),
        ],
    )  # fmt: skip
