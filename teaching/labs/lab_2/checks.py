"""Lab 2: its numbers, and what judges the answers, both drawn from the teacher's seed."""

import torch
from torch.nn import functional as F

from teaching.labs.lab_2 import windows
from teaching.labs.lab_2.windows import drawn_bytes
from utils.exercises.compare import (
    WrongAnswer,
    expect_function,
    expect_value,
    show,
)
from utils.exercises.watch import torch_calls
from utils.shapes import conv_output_size


def numbers(draw):
    batch = draw.choice([32, 48, 64, 96])
    full, rest = draw.randrange(20, 90), draw.randrange(5, batch // 2 - 5)
    held = draw.randrange(200, 900)
    found = {"pictures": full * batch + rest + held, "held": held, "batch": batch}
    while True:  # until every known mistake leads to another shape
        found |= {
            "height": draw.randrange(40, 60), "width": draw.randrange(62, 90),
            "filters": draw.choice([8, 10, 12, 16]), "kernel": draw.choice([5, 7]),
            "stride": draw.choice([2, 3]), "padding": draw.choice([1, 2]),
        }  # fmt: skip
        right, mistakes = _shapes(found)
        if right not in [shape for shape, _ in mistakes]:
            return found


def _pair(answer, length):
    if not isinstance(answer, tuple | list | torch.Size) or len(answer) != length:
        raise WrongAnswer(f"got {show(answer)}, expected a tuple of {length} numbers")
    return tuple(answer)


def task_1(answer, given, draw):
    batch, held = given["batch"], given["held"]
    full, rest = divmod(given["pictures"] - held, batch)
    all_full, all_rest = divmod(given["pictures"], batch)
    expect_value(
        _pair(answer, 2),
        (full + 1, rest),
        [
            ((full, rest), "The pictures that are left form a batch, too"),
            ((full, batch), "What of the pictures that do not fill a batch?"),
            ((full + 1, batch), "The last batch holds only the rest"),
            ((rest, full + 1), "The number of batches comes first"),
            ((all_full + 1, all_rest), "The pictures that are held out are not loaded"),
            ((all_full, all_rest), "The pictures that are held out are not loaded"),
            ((full + 1, batch - rest), "That is what the last batch lacks; asked is what it has"),
        ],
    )


def _shapes(given):
    """Return what comes out in task 2, and the pairs of a wrong shape and its mistake."""
    filters, k, s, p = (given[name] for name in ("filters", "kernel", "stride", "padding"))
    sizes = given["height"], given["width"]

    def shape(p=p, s=s, pool=2, one=1):
        return (filters, *(((size + p - k) // s + one) // pool for size in sizes))

    right = (filters, *(side // 2 for side in conv_output_size(sizes, k, s, p)))
    return right, [
        ((right[0], right[2], right[1]), "Height comes before width"),
        ((right[1], right[2], right[0]), "The channels come first"),
        ((3, *right[1:]), "Each filter makes a channel: as many come out as there are filters"),
        (shape(p=2 * p, pool=1), "That is after the convolution; the pooling halves both"),
        (shape(p), "Padding is added on both sides: twice"),
        (shape(0), "The padding is missing"),
        (shape(2 * p, one=0), "A + 1 is missing: the first place counts, too"),
        (shape(2 * p, s=1), "The stride is missing"),
    ]


def task_2(answer, given, draw):
    expect_value(_pair(answer, 3), *_shapes(given))


def _by(axes, own=False, correction=0, swapped=False):
    def normalise(train, other):
        sets = train.double() / 255, other.double() / 255
        done = []
        for each in sets:
            source = each if own else sets[swapped]
            mean = source.mean(axes, keepdim=True)
            done.append((each - mean) / source.std(axes, keepdim=True, correction=correction))
        return tuple(part.float() for part in done)

    return normalise


def task_3(answer, given, draw):
    cases = []
    for channels in (3, 1, 2):
        parts = [
            drawn_bytes(draw, 3, 1, 4, 5, low=60 * c, high=60 * c + 80) for c in range(channels)
        ]
        train = torch.cat(parts, dim=1)
        cases.append((train, drawn_bytes(draw, 2, channels, 4, 5, low=40)))
    right = _by((0, 2, 3))
    expect_function(
        answer,
        cases,
        right,
        [
            (_by((0, 2, 3), own=True), "`other` must be normalised with the numbers of `train`"),
            (_by((0, 1, 2, 3)), "That is one mean for all channels; each has its own"),
            (_by((2, 3), own=True), "That is one mean for each picture, not for each channel"),
            (_by((0, 2, 3), correction=1), "Take `std` with `correction=0`, as asked"),
            (_by((0, 2, 3), swapped=True), "The numbers come from `train`, not from `other`"),
            (lambda a, b: right(a, b)[0], "Return both, `train` and `other`"),
            (lambda a, b: right(a, b)[1], "Return both, `train` and `other`"),
            (lambda a, b: right(a, b)[::-1], "`train` comes first"),
        ],
        [
            ("must match the size", "`keepdim=True` lets the means line up with their channel"),
            ("could not infer output dtype", "A mean is a fraction: divide by 255 first"),
        ],
    )


def _blurred(images, factor, scale=1.0, stride=None, mixed=False):
    channels = images.shape[1]
    kernel = torch.full((channels, channels if mixed else 1, factor, factor), scale / factor**2)
    groups = 1 if mixed else channels
    return F.conv2d(images, kernel, stride=stride or factor, groups=groups)


def task_5(answer, given, draw):
    generator = torch.Generator().manual_seed(draw.randrange(2**31))
    shapes = [((2, 3, 6, 8), 2), ((1, 2, 7, 11), 3), ((3, 1, 4, 5), draw.choice([2, 3]))]
    cases = [(torch.randn(shape, generator=generator), factor) for shape, factor in shapes]
    mixes = "That mixes the channels: `groups` keeps each by itself"
    expect_function(
        answer,
        cases,
        lambda images, factor: F.avg_pool2d(images, factor),
        [
            (lambda x, f: _blurred(x, f, f * f), "That is the sum of each window, not its mean"),
            (lambda x, f: _blurred(x, f, f), "Divide by the pixels of a window, factor times "
                                             "factor"),
            (lambda x, f: _blurred(x, f, stride=1), "The windows overlap: move on by `factor`"),
            (lambda x, f: _blurred(x, f, mixed=True), mixes),
            (lambda x, f: _blurred(x, f, 1 / x.shape[1], mixed=True), mixes),
            (lambda x, f: _blurred(x, f, 1 / x.shape[1], mixed=True)[:, :1], mixes),
            (lambda x, f: F.max_pool2d(x, f), "That is the largest number, not the mean"),
            (lambda x, f: x[:, :, ::f, ::f], "That takes one pixel of each window"),
        ],
        [("expected input", "The kernel's shape is (channels, 1, factor, factor), with groups")],
    )  # fmt: skip
    for part in ("pool", "interpolate"):
        if used := torch_calls(answer, *cases[0], containing=part):
            raise WrongAnswer(f"the numbers are right, but `{used[0]}` is not allowed here")


task_4 = windows.task_4
