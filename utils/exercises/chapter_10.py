"""Exercises of chapter 10, your own pictures."""

import math

import torch

from utils.exercises.away import finds_the_calibration_error, puts_in_a_new_head
from utils.exercises.compare import choice, chosen, expect_function, expect_value


def exercise_1(answer):
    """The bytes that float16 saves."""
    expect_value(
        answer,
        65_996,
        [
            (131_992, "That is the whole file in `float32`; how much smaller is the other?"),
            (32_998, "That is one byte for each parameter"),
            (527_968, "Those are the bits"),
            (0.5, "That is the share; the bytes were asked for"),
            (263_984, "Each parameter had four bytes before, not eight"),
        ],
    )


def exercise_2(answer):
    """A picture with alpha, laid on a background."""
    generator = torch.Generator().manual_seed(0)
    picture = torch.randint(0, 256, (4, 5, 6), generator=generator, dtype=torch.uint8)
    clear = picture.clone()
    clear[3, :, :3], clear[3, :, 3:] = 0, 255

    def mixed(share, picture, background):
        return (share * picture[:3] + (1 - share) * background).round().to(torch.uint8)

    def oracle(picture, background):
        return mixed(picture[3:] / 255, picture, background)

    def overflown(colours, rest):
        def wrong(picture, background):
            alpha, share = picture[3:], picture[3:] / 255
            own = picture[:3] * alpha / 255 if colours else picture[:3] * share
            other = (255 - alpha) * background / 255 if rest else (1 - share) * background
            return (own + other).round().to(torch.uint8)

        return wrong

    def overflown_sum(p, b):
        return ((p[:3] * p[3:] + (255 - p[3:]) * b) / 255).round().to(torch.uint8)

    bytes_overflow = "Bytes overflow: divide alpha by 255 first"

    def cut_off(picture, background):
        share = picture[3:] / 255
        return (share * picture[:3] + (1 - share) * background).to(torch.uint8)

    expect_function(
        answer,
        [(picture, 255), (picture, 40), (clear, 0)],
        oracle,
        [
            (lambda p, b: p[:3], "Alpha is cut off, and what was transparent shows its colour"),
            (cut_off, "`to(torch.uint8)` cuts off what is behind the point: round first"),
            (overflown(True, False), bytes_overflow),
            (overflown(False, True), bytes_overflow),
            (overflown(True, True), bytes_overflow),
            (overflown_sum, bytes_overflow),
            (lambda p, b: mixed(p[3:] // 255, p, b), "`//` leaves only 0 and 1"),
            (lambda p, b: oracle(p, 255), "Use the argument `background`"),
            (lambda p, b: mixed(1 - p[3:] / 255, p, b), "Alpha 255 is opaque, 0 transparent"),
            (lambda p, b: mixed((p[3:] > 127).float(), p, b), "Half transparent is mixed by half"),
            (lambda p, b: mixed((p[3:] > 0).float(), p, b), "Half transparent is mixed by half"),
            (lambda p, b: mixed(p[3:] / 256, p, b), "Alpha is divided by 255, the largest byte"),
            (
                lambda p, b: (p[3:] / 255 * p[:3] + b).round().to(torch.uint8),
                "The background counts only by the share that is left",
            ),
        ],
    )


def exercise_3(answer):
    """Which files raise an error."""
    chosen(
        answer,
        {"b", "d", "f"},
        {
            "a": "PIL goes by the first bytes, not by the name",
            "b": "`exif_transpose` reads the pixels, and they end too soon",
            "c": "sixteen bits are divided by 257",
            "d": "there is nothing by which a picture could be recognised",
            "e": "the first of its pictures is taken, without a word",
            "f": "multiply: that is above 179 million pixels",
        },
    )


def exercise_4(answer):
    """The size with the longest edge given."""

    def scaled(height, width, longest, edge=max, least=1, whole=round):
        scale = longest / edge(height, width)
        return max(least, whole(height * scale)), max(least, whole(width * scale))

    def up(height, width, longest):
        return tuple(math.ceil(edge * longest / max(height, width)) for edge in (height, width))

    def by_height(*case):
        return scaled(*case, edge=lambda height, width: height)

    def by_width(*case):
        return scaled(*case, edge=lambda height, width: width)

    longer = "The longer edge decides, be it height or width"
    expect_function(
        answer,
        [(400, 300, 28), (300, 400, 28), (1000, 12, 28), (9, 1000, 28), (14, 5, 28), (50, 50, 32),
         (100, 63, 28), (100, 61, 28)],
        scaled,
        [
            (lambda *case: scaled(*case, least=0), "An edge of 0 pixels: keep at least one"),
            (lambda h, w, s: scaled(w, h, s), "Height comes first"),
            (by_height, longer),
            (by_width, longer),
            (lambda *case: scaled(*case, edge=min), "That brings the shorter edge to `longest`"),
            (lambda h, w, s: (s, s), "That changes the proportions"),
            (lambda *case: scaled(*case, whole=int), "`int` and `//` cut off: use `round`"),
            (lambda *case: scaled(*case, whole=math.ceil), "`ceil` rounds up: use `round`"),
            (up, "`ceil` rounds up: use `round`"),
            (lambda h, w, s: scaled(h, w, 28), "Use the argument `longest`"),
        ],
    )  # fmt: skip


def exercise_5(answer):
    """What to do with a refused file."""
    reasons = {
        "a": "That runs whatever the file says, on your computer",
        "c": "To allow a class is to trust it; nothing has been checked by that",
    }
    choice(answer, "abc", reasons)


def exercise_6(answer):
    """The confusion matrix."""
    labels = torch.tensor([0, 0, 2, 2, 2, 1, 0])
    answers = torch.tensor([0, 2, 2, 1, 2, 1, 0])

    def oracle(labels, answers, classes):
        table = torch.zeros(classes, classes, dtype=torch.int64)
        for label, given in zip(labels.tolist(), answers.tolist(), strict=True):
            table[label, given] += 1
        return table

    def shares(labels, answers, classes):
        table = oracle(labels, answers, classes)
        return table / table.sum(dim=1, keepdim=True)

    def once(labels, answers, classes):
        return oracle(labels, answers, classes).clamp(max=1)

    def own_size(labels, answers, classes):
        return oracle(labels, answers, int(max(labels.max(), answers.max())) + 1)

    expect_function(
        answer,
        [(labels, answers, 3), (labels, answers, 5), (answers[:2] * 0, labels[:2], 2)],
        oracle,
        [
            (lambda y, a, n: oracle(a, y, n), "Rows are true classes, columns the answers"),
            (shares, "Those are shares; counts were asked for"),
            (once, "`table[labels, answers] += 1` counts a pair once, however often it occurs"),
            (own_size, "Classes that do not occur have a row and a column, too"),
            (lambda *case: oracle(*case).float(), "Counts are whole: `int64`"),
        ],
        [("invalid for input of size", "Classes that do not occur count, too: `minlength`")],
    )


exercise_7, exercise_8 = puts_in_a_new_head, finds_the_calibration_error
