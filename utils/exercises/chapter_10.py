"""Exercises of chapter 10, your own pictures."""

import torch
from torch import nn

from utils.exercises.compare import (
    WrongAnswer,
    call,
    choice,
    chosen,
    expect_function,
    expect_value,
    require_function,
    show,
)
from utils.models import FashionNet


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

    def by_height(*case):
        return scaled(*case, edge=lambda height, width: height)

    def by_width(*case):
        return scaled(*case, edge=lambda height, width: width)

    longer = "The longer edge decides, be it height or width"
    expect_function(
        answer,
        [(400, 300, 28), (300, 400, 28), (1000, 12, 28), (9, 1000, 28), (14, 5, 28), (50, 50, 32),
         (100, 61, 28)],
        scaled,
        [
            (lambda *case: scaled(*case, least=0), "An edge of 0 pixels: keep at least one"),
            (lambda h, w, s: scaled(w, h, s), "Height comes first"),
            (by_height, longer),
            (by_width, longer),
            (lambda *case: scaled(*case, edge=min), "That brings the shorter edge to `longest`"),
            (lambda h, w, s: (s, s), "That changes the proportions"),
            (lambda *case: scaled(*case, whole=int), "`int` and `//` cut off: use `round`"),
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


def exercise_7(answer):
    """A copy with a frozen trunk and a new head."""
    require_function(answer)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = FashionNet()
    for classes in (2, 7):
        changed = call(answer, network, classes, draws=True)
        if not isinstance(changed, nn.Module):
            raise WrongAnswer(f"got {show(changed)}, expected the changed copy of the network")
        head, old = getattr(changed, "out", None), dict(network.named_parameters())
        if not isinstance(head, nn.Linear) or head.in_features != 60:
            raise WrongAnswer(f"`out` is {show(head)}, expected an nn.Linear with 60 inputs")
        if head.out_features != classes:
            raise WrongAnswer(f"asked for {classes} classes, `out` gives {head.out_features}")
        new = dict(changed.named_parameters())
        if list(new) != list(old):
            raise WrongAnswer(f"the parameters are {list(new)}, expected {list(old)}")
        for name, parameter in new.items():
            if name.startswith("out.") and not parameter.requires_grad:
                raise WrongAnswer(f"{name} is frozen, too: put the new layer in after freezing")
            if not name.startswith("out.") and parameter.requires_grad:
                raise WrongAnswer(f"{name} is not frozen")
            if not name.startswith("out.") and not torch.equal(parameter, old[name]):
                raise WrongAnswer(f"{name} is not that of the network: copy it, do not start anew")


def exercise_8(answer):
    """The calibration error."""
    generator = torch.Generator().manual_seed(0)
    confidence = torch.rand(300, generator=generator) * 0.7 + 0.3
    confidence[0] = 1.0
    right = torch.rand(300, generator=generator) < confidence**2
    few = torch.tensor([0.35, 0.95, 1.0, 0.9]), torch.tensor([True, True, False, False])

    def error(confidence, right, bins, weighted=True, absolute=True, top=True):
        total, filled = 0.0, 0
        for k in range(bins):
            below = confidence <= (k + 1) / bins if top else confidence < (k + 1) / bins
            inside = (confidence > k / bins) & below
            if inside.any():
                gap = (confidence[inside].mean() - right[inside].float().mean()).item()
                weight = inside.float().mean().item() if weighted else 1
                total, filled = total + weight * (abs(gap) if absolute else gap), filled + 1
        return total if weighted else total / filled

    def whole(confidence, right, bins):
        return (confidence.mean() - right.float().mean()).abs().item()

    expect_function(
        answer,
        [(confidence, right, 10), (confidence, right, 4), (*few, 3), (*few, 6)],
        error,
        [
            (lambda *case: error(*case, weighted=False), "Weigh each bin with its share of all"),
            (lambda *case: error(*case, absolute=False), "Take each bin's distance without sign"),
            (lambda *case: error(*case, top=False), "A confidence of 1 belongs to the last bin"),
            (whole, "That is one bin for everything: too much here hides too little there"),
            (lambda c, r, n: error(c, r, 10), "Use the argument `bins`"),
            (lambda *case: 100 * error(*case), "A share from 0 to 1, not in percent"),
            (lambda *case: float("nan"), "An empty bin has no mean: leave it out"),
        ],
    )
