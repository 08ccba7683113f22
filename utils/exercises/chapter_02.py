"""Exercises of chapter 02, data."""

import torch
from torch.utils.data import Dataset

from utils.exercises.compare import (
    NotAttempted,
    WrongAnswer,
    call,
    choice,
    expect,
    expect_function,
    require_function,
    show,
)


def exercise_1(answer):
    """The number of batches and the size of the last."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise WrongAnswer(f"got {show(answer)}, expected a tuple of two numbers")
    expect(
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
    """Normalise a batch of bytes."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (3, 28, 28), generator=generator, dtype=torch.uint8)

    def own(x, mean, std):
        scaled = x / 255
        return ((scaled - scaled.mean()) / scaled.std())[:, None]

    expect_function(
        answer,
        [(images, 0.286, 0.353), (images[:1], 0.5, 0.25)],
        lambda x, mean, std: ((x / 255 - mean) / std)[:, None],
        [
            (
                lambda x, mean, std: ((x - mean) / std)[:, None],
                "Mean and deviation belong to pixels from 0 to 1: divide by 255 first",
            ),
            (
                lambda x, mean, std: (x / 255 - mean) / std,
                "The values are right; the channel axis is missing",
            ),
            (
                lambda x, mean, std: ((x / 255 - mean) / std)[None],
                "The new axis belongs behind the batch, not in front of it",
            ),
            (
                lambda x, mean, std: (x / 255 - mean / std)[:, None],
                "Brackets: the difference is divided, not the mean",
            ),
            (
                lambda x, mean, std: ((x / 255 - mean) * std)[:, None],
                "Divide by the standard deviation; multiplying makes the spread smaller still",
            ),
            (own, "Those are the batch's own mean and deviation; use the ones given"),
        ],
    )


class _Wardrobe(Dataset):
    """Twelve samples whose image says which sample it is."""

    targets = torch.tensor([9, 0, 5, 7, 3, 9, 5, 1, 7, 8, 6, 5])

    def __len__(self):
        return len(self.targets)

    def __getitem__(self, index):
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} is out of range")
        return torch.full((1, 2, 2), float(index)), int(self.targets[index])


def exercise_3(answer):
    """A Dataset of shoes, relabelled."""
    if not isinstance(answer, type):
        raise WrongAnswer(
            f"got {show(answer)}, expected the class itself, without making an object"
        )
    if "__getitem__" not in vars(answer) and issubclass(answer, Dataset):
        raise NotAttempted("not attempted yet")
    dataset, kept = _Wardrobe(), [0, 2, 3, 5, 6, 8, 11]
    shoes = call(answer, dataset)
    length = call(lambda: len(shoes))
    if length != len(kept):
        reason = ". That is the length of the whole set" if length == len(dataset) else ""
        raise WrongAnswer(f"len() gives {length} for a set with {len(kept)} shoes{reason}")
    samples = [_sample(shoes, index) for index in range(len(kept))]
    images = [int(image.flatten()[0]) for image, _ in samples]
    labels = [int(label) for _, label in samples]
    if images == list(range(len(kept))):
        raise WrongAnswer(f"sample i is the original's i; expected its {kept}: translate the index")
    if sorted(images) == kept and images != kept:
        raise WrongAnswer(f"the samples are the original's {images}; keep their order, {kept}")
    expect(images, kept)
    original = dataset.targets[kept].tolist()
    expect(
        labels,
        [{5: 0, 7: 1, 9: 2}[label] for label in original],
        [
            (original, "Those are the old labels; a network with three outputs needs 0, 1, 2"),
            ([{9: 0, 5: 1, 7: 2}[label] for label in original], "Sandal is 0, sneaker 1, boot 2"),
        ],
    )


def _sample(shoes, index):
    sample = call(lambda: shoes[index])
    if not isinstance(sample, tuple | list) or len(sample) != 2:
        raise WrongAnswer(f"sample {index} is {show(sample)}, expected an image and a label")
    if not isinstance(sample[0], torch.Tensor):
        raise WrongAnswer(f"image {index} is {show(sample[0])}, expected what the dataset gives")
    return sample


def exercise_4(answer):
    """A split: shuffled, disjoint, complete, repeatable."""
    require_function(answer)
    state = torch.get_rng_state()
    learning, validation = _parts(answer, 100, 30, 1)
    if (len(learning), len(validation)) == (30, 70):
        raise WrongAnswer("got 30 and 70 indices; those for learning come first, 70 of them")
    expect((len(learning), len(validation)), (70, 30))
    both = torch.cat([learning, validation]).sort().values
    if not torch.equal(both, torch.arange(100)):
        common = len(set(learning.tolist()) & set(validation.tolist()))
        raise WrongAnswer(
            f"{common} indices are in both parts, and {100 - len(both.unique())} in neither. "
            "Cut one permutation in two instead of drawing twice"
        )
    ordered = validation.sort().values
    if torch.equal(ordered, torch.arange(70, 100)) or torch.equal(ordered, torch.arange(30)):
        raise WrongAnswer("validation is one end of the data, not shuffled: sorted classes stay so")
    torch.manual_seed(12345)
    if not torch.equal(validation, _parts(answer, 100, 30, 1)[1]):
        raise WrongAnswer("the same seed gave another split. Use a generator with the given seed")
    if torch.equal(validation, _parts(answer, 100, 30, 2)[1]):
        raise WrongAnswer("another seed gave the same split. The argument `seed` is not used")
    torch.set_rng_state(state)


def _parts(answer, *arguments):
    parts = call(answer, *arguments)
    tensors = isinstance(parts, tuple | list) and all(isinstance(p, torch.Tensor) for p in parts)
    if not tensors or len(parts) != 2:
        raise WrongAnswer(f"got {show(parts)}, expected two tensors of indices")
    return parts


def exercise_5(answer):
    """One weight a sample, the same total for each class."""

    def oracle(labels):
        weights = 1 / labels.bincount()[labels]
        return weights / weights.sum()

    def by_class(labels):
        weights = 1 / labels.bincount()
        return weights / weights.sum()

    cases = [([9, 9, 9, 0],), ([1, 1, 2, 2, 2, 0],), ([3, 3],)]
    expect_function(
        answer,
        [(torch.tensor(labels),) for (labels,) in cases],
        oracle,
        [
            (
                lambda labels: 1 / labels.bincount()[labels],
                "The proportions are right; make all weights add up to 1",
            ),
            (by_class, "That is one weight a class; index it by the labels"),
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
