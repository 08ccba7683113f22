"""Exercise 2.8: mean and standard deviation of each channel, and the ways to average wrongly."""

from functools import wraps

import torch

from utils.exercises.compare import WrongAnswer, call, expect_function, require_function


def _statistics(dataset, correction=0):
    images = torch.stack([dataset[index][0] for index in range(len(dataset))]).double()
    deviation = images.std(dim=(0, 2, 3), correction=correction)
    return images.mean(dim=(0, 2, 3)).float(), deviation.float()


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


REASONS = {  # of the shapes that come from the first case, 5 pictures of shape (3, 4, 6)
    (5, 3): "the axis of the pictures must go, too",
    (5,): "that is one number for each picture, not for each channel",
    (): "One number for all channels; leave the channel axis out of `dim`",
    (3, 4, 6): "the axes of the rows and columns must go, too",
    (5, 4, 6): "that averages over the channels, which should stay",
    (1, 3, 1, 1): "leave out `keepdim`",
    (3, 1, 1): "The numbers may be right; return them in shape (channels,)",
}


def _expect_shapes(got):
    if isinstance(got, torch.Tensor) and got.shape in ((2, 3), (3, 2)):
        raise WrongAnswer(f"got one tensor of shape {tuple(got.shape)}, expected a pair: return "
                          "two tensors, `return mean, std`")  # fmt: skip
    parts = got if isinstance(got, tuple | list) and len(got) == 2 else ()
    for name, part in zip(("mean", "standard deviation"), parts, strict=False):
        if isinstance(part, torch.Tensor) and part.shape != (3,):
            shape = tuple(part.shape)
            reason = f": {REASONS[shape]}" if shape in REASONS else ""
            raise WrongAnswer(f"given 5 pictures of shape (3, 4, 6): the shape of the {name} is "
                              f"{shape}, expected (3,){reason}")  # fmt: skip


def _with_random_numbers_put_back(answer):
    """A DataLoader draws its workers' seed from the common sequence, and is as good as a loop."""

    @wraps(answer)
    def function(*dataset):
        with torch.random.fork_rng(devices=[]):
            return answer(*dataset)

    return function


def exercise_8(answer):
    """Mean and standard deviation per channel."""
    require_function(answer)
    generator = torch.Generator().manual_seed(0)
    shapes = [(5, 3, (4, 6)), (1, 3, (3, 3)), (4, 1, (2, 5)), (3, 4, (5, 2))]
    cases = [(_pictures(*shape, generator),) for shape in shapes]
    own = _with_random_numbers_put_back(answer)
    _expect_shapes(call(own, *cases[0]))
    expect_function(
        own,
        cases,
        _statistics,
        [
            (lambda d: _statistics(d, 1), "Population, not sample: `correction=0`"),
            (
                _mean_of_deviations,
                "A mean of the pictures' standard deviations leaves out that some pictures are "
                "darker than others: take it over all pixels at once",
            ),
            (lambda d: _statistics(d)[::-1], "The mean comes first"),
            (
                lambda d: (_statistics(d)[0], _statistics(d)[1] ** 2),
                "That is the variance; the standard deviation is its square root",
            ),
            (
                lambda d: tuple(one / 255 for one in _statistics(d)),
                "The pixels are already floats from 0 to 1: leave out the division by 255",
            ),
        ],
    )
