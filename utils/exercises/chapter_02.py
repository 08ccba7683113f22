"""Exercises of chapter 02, data."""

import torch

from utils.exercises import channels, loading, splitting
from utils.exercises.compare import (
    NotAttempted,
    WrongAnswer,
    call,
    choice,
    expect,
    expect_function,
    expect_value,
    show,
)
from utils.exercises.wardrobe import Wardrobe, index_of, sample_of


def exercise_1(answer):
    """The number of batches and the size of the last."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise WrongAnswer(f"got {show(answer)}, expected a tuple of two numbers")
    expect_value(
        tuple(answer),
        (235, 96),
        [
            ((234, 96), "The 96 that are left form a batch, too"),
            ((234, 256), "60,000 is no multiple of 256: what of the rest?"),
            ((235, 256), "The last batch holds only the rest"),
            ((234.375, 96), "A batch that is not full is still a batch: round up"),
            ((96, 235), "The number of batches comes first"),
        ],
    )


def exercise_2(answer):
    """Undo the normalisation."""
    generator = torch.Generator().manual_seed(0)
    bytes_ = torch.randint(0, 256, (3, 28, 28), generator=generator, dtype=torch.uint8)
    images = ((bytes_ / 255 - 0.286) / 0.353)[:, None]

    def pixels(x, mean, std):
        return (x * std + mean) * 255

    def oracle(x, mean, std):
        return pixels(x, mean, std).round().to(torch.uint8).squeeze(1)

    twice = "That normalises a second time; the way back is: times `std`, plus `mean`"

    expect_function(
        answer,
        [(images, 0.286, 0.353), (images[:1] * 0.706, 0.286, 0.5)],
        oracle,
        [
            (
                lambda *case: pixels(*case).to(torch.uint8).squeeze(1),
                "`to(torch.uint8)` cuts off what is behind the point: round first",
            ),
            (
                lambda *case: pixels(*case).round().to(torch.uint8).squeeze(),
                "`squeeze()` without an axis takes the batch axis of a single picture as well",
            ),
            (
                lambda *case: pixels(*case).round().to(torch.uint8),
                "The pixels are right; the channel axis is still there",
            ),
            (
                lambda x, mean, std: ((x + mean) * std * 255).round().to(torch.uint8).squeeze(1),
                "Undo the last step first: times the standard deviation, then plus the mean",
            ),
            (
                lambda x, mean, std: (x * std + mean).round().to(torch.uint8).squeeze(1),
                "Those are pixels from 0 to 1; bytes go to 255",
            ),
            (
                lambda x, mean, std: (x * std * 255 + mean).round().to(torch.uint8).squeeze(1),
                "The mean belongs to pixels from 0 to 1: add it before multiplying by 255",
            ),
            (lambda x, *_: oracle(x, 0.286, 0.353), "Use the arguments `mean` and `std`"),
            (lambda x, mean, std: oracle(x, -mean / std, 1 / std), twice),
            (lambda x, mean, std: ((x - mean) / std * 255).to(torch.uint8).squeeze(1), twice),
            (lambda x, mean, std: ((x - mean) / std).round().to(torch.uint8).squeeze(1), twice),
        ],
    )


def exercise_3(answer):
    """A Dataset of shoes, relabelled."""
    if not isinstance(answer, type):
        raise WrongAnswer(f"got {show(answer)}, expected the class itself, not an object of it")
    if not set(vars(answer)) & {"__init__", "__len__", "__getitem__"}:
        raise NotAttempted("not attempted yet")
    dataset, kept = Wardrobe(), [0, 2, 3, 5, 6, 8, 11]
    shoes = call(lambda: answer(dataset))
    length = call(lambda: len(shoes))
    if not torch.equal(dataset.targets, Wardrobe().targets):
        raise WrongAnswer("the class changes the labels of the dataset that it was given")
    if length != len(kept):
        reason = ". That is the length of the whole set" if length == 12 else ""
        raise WrongAnswer(f"len() gives {length} for a set with {len(kept)} shoes{reason}")
    images, labels = zip(*(sample_of(shoes, index) for index in range(length)), strict=True)
    found = [index_of(image) for image in images]
    if found != kept and sorted(found) == kept:
        raise WrongAnswer(f"the samples are the original's {found}; keep their order, {kept}")
    wrong = [index for index in range(length) if found[index] != kept[index]]
    if wrong:
        reason = ": translate the index" if found[wrong[0]] == wrong[0] else ", image unchanged"
        place, right = found[wrong[0]], kept[wrong[0]]
        came = f"the original's {place}" if place >= 0 else f"{show(images[wrong[0]])}"
        raise WrongAnswer(f"sample {wrong[0]} is {came}; expected the original's {right}{reason}")
    old = Wardrobe().targets[kept].tolist()
    new = [(5, 7, 9).index(label) for label in old]
    mistakes = [(old, "Those are the old labels; a network with three outputs needs 0, 1, 2")]
    mistakes += [([2 - label for label in new], "Sandal is 0, sneaker 1, ankle boot 2")]
    expect(list(labels), new, mistakes)


def exercise_5(answer):
    """One weight a sample, the same total for each class."""

    def oracle(labels):
        weights = 1 / labels.bincount()[labels]
        return weights / weights.sum()

    def by_class(labels):
        weights = 1 / labels.bincount()
        return weights / weights.sum()

    def by_one_of_each(labels):
        counts = labels.bincount()
        return 1 / counts[labels] / (1 / counts[counts > 0]).sum()

    over_all = "The sum must be taken over all samples, not over one weight of each class"
    cases = [[9, 9, 9, 0], [1, 1, 2, 2, 2, 0], [3, 3]]
    expect_function(
        answer,
        [(torch.tensor(labels),) for labels in cases],
        oracle,
        [
            (lambda y: 1 / y.bincount()[y], "Proportions right; make all weights add up to 1"),
            (by_class, "That is one weight a class; index it by the labels"),
            (lambda y: by_class(y)[y], over_all),
            (by_one_of_each, over_all),
            (lambda y: torch.ones(len(y)) / len(y), "Equal weights leave frequent classes ahead"),
            (
                lambda labels: labels.bincount()[labels] / labels.bincount()[labels].sum(),
                "That favours frequent classes; take one over the count",
            ),
            (
                lambda labels: 1 / labels.bincount()[labels] / len(labels.bincount()),
                "Divide by the number of classes that occur, not by the highest label",
            ),
            (
                lambda labels: 1 / labels.bincount()[labels] / 10,
                "Divide by the number of classes that occur; it need not be ten",
            ),
        ],
    )


def exercise_6(answer):
    """Why statistics come from the training set."""
    reasons = {
        "a": "Size makes the numbers alike; a single new picture still has no set to average",
        "b": "It may come out higher or lower; the point is what one may know",
    }
    choice(answer, "abc", reasons)


exercise_4, exercise_8 = splitting.exercise_4, channels.exercise_8
exercise_7, exercise_9 = loading.exercise_7, loading.exercise_9
