"""Exercises of chapter 01, tensors."""

import torch

from utils.exercises.compare import (
    WrongAnswer,
    call,
    chosen,
    expect_function,
    expect_value,
    require_function,
    show,
)
from utils.exercises.surroundings import common_sequences_untouched, result_follows


def _pixels(*shape, seed=0, dtype=torch.uint8):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, shape, generator=generator).to(dtype)


def exercise_1(answer):
    """The shape that an index leaves."""
    if not isinstance(answer, tuple | list):
        order = "; a set has no order" if isinstance(answer, set) else ""
        raise WrongAnswer(f"got {show(answer)}, expected a tuple such as (3, 32, 32){order}")
    expect_value(
        tuple(answer),
        (3, 1, 32),
        [
            ((1, 3, 1, 32), "A single number as index removes its axis; the batch axis has gone"),
            ((3, 32), "`:1` is a slice: it keeps its axis, with length 1"),
            ((3, 32, 1), "The second index after the batch is that of the rows"),
            ((3, 32, 32), "`:1` keeps only the first row"),
            ((60, 3, 1, 32), "The 5 chooses one picture, and its axis disappears"),
        ],
    )


def exercise_2(answer):
    """Brighten without wrapping around."""

    def oracle(image, amount):
        return (image.int() + amount).clamp(max=255).to(torch.uint8)

    expect_function(
        answer,
        [(_pixels(4, 5), 100), (_pixels(3, 3, seed=1), 0), (_pixels(2, 2, seed=2), 255)],
        oracle,
        [
            (
                lambda image, amount: image + amount,
                "The bytes wrap around; use more room, and cut at 255 before going back to uint8",
            ),
        ],
    )


def exercise_3(answer):
    """Channels first, mirrored."""
    height_first = "That mirrors top to bottom; the width is the last axis after the permutation"
    expect_function(
        answer,
        [(_pixels(4, 6, 3),), (_pixels(5, 2, 3, seed=1),)],
        lambda photo: photo.permute(2, 0, 1).flip(2),
        [
            (
                lambda photo: photo.reshape(3, *photo.shape[:2]).flip(2),
                "`reshape` mixes the colours; `permute` moves the axes",
            ),
            (
                lambda photo: photo.reshape(3, *photo.shape[:2]),
                "`reshape` mixes the colours, and the mirror is missing",
            ),
            (lambda photo: photo.permute(2, 0, 1), "The mirror is missing"),
            (lambda photo: photo.flip(1), "Mirrored; now move the channels to the front"),
            (lambda photo: photo.permute(2, 0, 1).flip(1, 2), "That mirrors top to bottom as well"),
            (lambda photo: photo.permute(2, 0, 1).flip(1), height_first),
            (lambda photo: photo.permute(2, 0, 1).flip(0), "That swaps red and blue"),
            (
                lambda photo: photo.permute(2, 1, 0).flip(2),
                "Height and width have changed places: the picture lies on its side",
            ),
        ],
        [("step must be", "A tensor cannot be sliced backwards; use `.flip(dims=...)`")],
    )


def exercise_4(answer):
    """Each picture's own mean subtracted."""
    cases = [(_pixels(n, 1, h, w, dtype=torch.float32),) for n, h, w in [(4, 5, 4), (1, 2, 3)]]
    expect_function(
        answer,
        cases,
        lambda batch: batch - batch.mean(dim=(1, 2, 3), keepdim=True),
        [
            (
                lambda batch: batch - _stretched(batch.mean(dim=(1, 2, 3)), batch),
                "Without `keepdim` the means line up with the columns",
            ),
            (lambda batch: batch - batch.mean(), "That is one mean for the whole batch"),
            (
                lambda batch: batch - batch.mean(dim=0, keepdim=True),
                "That is one mean for each pixel, over the batch",
            ),
            (lambda b: b - b.mean((2, 3)), "Without `keepdim` the means line up with the rows"),
            (lambda b: b - b.mean(-1, True), "That is one mean for each row of each picture"),
            (lambda b: b.mean((1, 2, 3), True) - b, "The other way round: subtract the mean"),
            (lambda b: b.mean((1, 2, 3), True), "Those are the means; subtract them"),
        ],
    )


def _stretched(means, batch):
    """The means as broadcasting would line them up, where it can: with the columns."""
    return means.expand(batch.shape[-1]) if len(means) in (1, batch.shape[-1]) else means


def exercise_5(answer):
    """The scores of pictures, without the four errors."""
    cases = []
    for n, height, width, classes in (3, 28, 28, 10), (1, 4, 5, 3), (4, 2, 2, 4):
        generator = torch.Generator().manual_seed(n)
        weights = torch.rand(height * width, classes, generator=generator)
        bias = torch.rand(classes, generator=generator)
        cases.append((_pixels(n, height, width, seed=n), weights, bias))

    def product(pictures, weights):
        return pictures.flatten(start_dim=1).float() @ weights

    def columns_first(pictures, weights, bias):
        return pictures.mT.flatten(start_dim=1) / 255 @ weights + bias

    expect_function(
        answer,
        cases,
        lambda pictures, weights, bias: product(pictures, weights) / 255 + bias,
        [
            (lambda p, w, b: product(p, w) + b, "The pixels are not divided by 255"),
            (lambda p, w, b: product(p, w) / 255, "The bias is missing"),
            (lambda p, w, b: (product(p, w) + b) / 255, "Only the pixels are divided by 255"),
            (columns_first, "The pixels have changed their order"),
        ],
    )
    pictures, *others = cases[0]
    result_follows(answer, pictures, *(tensor.to("meta") for tensor in others))


def exercise_6(answer):
    """A random order that a seed repeats, without touching the common sequences."""
    require_function(answer)
    with common_sequences_untouched():
        first, other, again = (_order(answer, 50, seed) for seed in (3, 4, 3))
        _order(answer, 1, 3)
    if first != again:
        raise WrongAnswer("called twice with seed 3, two orders came; the seed must decide")
    if first == other:
        raise WrongAnswer("seeds 3 and 4 gave the same order: is `seed` used?")
    if first == sorted(first):
        raise WrongAnswer("the numbers come in order, not shuffled")


def _order(answer, count, seed):
    """Return the answer's order as a list; WrongAnswer unless each number is in it once."""
    got = call(answer, count, seed)
    if not isinstance(got, torch.Tensor | list | tuple):
        raise WrongAnswer(f"got {show(got)}, expected a tensor of {count} numbers")
    numbers = got.tolist() if isinstance(got, torch.Tensor) else list(got)
    whole = all(type(number) is int for number in numbers)
    if not whole or sorted(numbers) != list(range(count)):
        raise WrongAnswer(
            f"given {count}, {seed}: got {show(got)}; expected each whole number from 0 to "
            f"{count - 1} once"
        )
    return numbers


def exercise_7(answer):
    """Which results share memory with `a`."""
    a = torch.arange(12).reshape(3, 4)
    made = {"a": a[1], "b": a[[1]], "c": a.T, "d": a.T.reshape(-1), "e": a.flatten(), "f": a + 0}
    storage = a.untyped_storage().data_ptr()
    shared = {name for name, b in made.items() if b.untyped_storage().data_ptr() == storage}
    reasons = {
        "a": "a single row is a view",
        "b": "a list of positions copies, even if it holds one",
        "c": "the transpose only exchanges the strides",
        "d": "read column by column, the numbers have no constant step, so `reshape` copies",
        "e": "flattening numbers that lie in order needs no copy",
        "f": "arithmetic makes new numbers, even when it adds 0",
    }
    chosen(answer, shared, reasons)
