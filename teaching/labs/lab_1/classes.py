"""Lab 1, task 5: the accuracy of each class."""

import torch

from utils.exercises.compare import expect_function


def _shares(scores, labels, of="labels", empty=0.0):
    best = scores.argmax(1)
    classes = scores.shape[1]
    hits = torch.bincount(labels[best == labels], minlength=classes)
    counts = torch.bincount(labels if of == "labels" else best, minlength=classes)
    return torch.where(counts > 0, hits / counts, empty)


def task_5(answer, given, draw):
    generator = torch.Generator().manual_seed(draw.randrange(2**31))
    cases = []
    for count, classes in (12, 4), (9, 5), (3, 3):
        labels = torch.randint(classes - 1, (count,), generator=generator)
        missing, last = draw.randrange(classes), classes - 1
        labels = torch.where(labels == missing, last, labels)  # one class does not occur
        scores = torch.randn(count, classes, generator=generator)
        scores[torch.arange(count), labels] += 0.8  # most answers are right
        cases.append((scores, labels))
    overall = "That is one share for all; each class has its own"
    expect_function(
        answer,
        cases,
        _shares,
        [
            (
                lambda s, y: _shares(s, y, empty=float("nan")),
                "A class without a picture became NaN: there 0 is divided by 0",
            ),
            (
                lambda s, y: _shares(s, y, of="answers"),
                "You divide by how often the network answers so; divide by how many have the label",
            ),
            (
                lambda s, y: _shares(s, y, of="answers", empty=float("nan")),
                "You divide by how often the network answers so; divide by how many have the label",
            ),
            (
                lambda s, y: torch.bincount(y[s.argmax(1) == y], minlength=s.shape[1]) / len(y),
                "You divide by all pictures; divide by those with the label",
            ),
            (
                lambda s, y: torch.bincount(y[s.argmax(1) == y], minlength=s.shape[1]).float(),
                "Those are counts; divide by how many pictures have the label",
            ),
            (lambda s, y: (s.argmax(1) == y).float().mean(), overall),
            (lambda s, y: (s.argmax(1) == y).float().mean().item(), overall),
            (
                lambda s, y: _shares(s, y)[y.unique()],
                "Classes without a picture are left out; they get 0",
            ),
        ],
        [("must match the size", "The answers are one for each row: `argmax(dim=1)`")],
    )
