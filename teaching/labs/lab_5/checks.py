"""Lab 5: its numbers, and what judges the answers, both drawn from the teacher's seed."""

import statistics

import torch
from torch.nn import functional as F
from torch.utils.data import DistributedSampler

from utils.exercises.compare import WrongAnswer, expect_function, expect_value, show


def numbers(draw):
    workers, batch = draw.choice([3, 5, 7]), draw.choice([32, 64, 100, 128])
    each = draw.randrange(7, 15) * batch + draw.randrange(2, batch - 1)
    return {
        "millions": draw.randrange(11, 60),
        "workers": workers,
        "pictures": each * workers - draw.randrange(1, workers),
        "batch": batch,
    }


def task_1(answer, given, draw):
    numbers = given["millions"]
    expect_value(
        answer,
        16 * numbers,
        [
            (4 * numbers, "Those are the parameters alone; add gradients and optimizer"),
            (8 * numbers, "Those are parameters and gradients; Adam keeps two numbers more"),
            (12 * numbers, "One of the four numbers for each parameter is missing"),
            (16 * numbers * 10**6, "Those are bytes; a megabyte has a million of them"),
            (32 * numbers, "float32 has 4 bytes, not 8"),
            (8 * numbers / 4, "float32 has 4 bytes"),
        ],
    )


def task_2(answer, given, draw):
    pictures, workers, batch = (given[name] for name in ("pictures", "workers", "batch"))
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise WrongAnswer(f"got {show(answer)}, expected a tuple of three numbers")
    each, less = -(-pictures // workers), pictures // workers
    steps, twice = -(-each // batch), each * workers - pictures
    expect_value(
        tuple(answer),
        (each, steps, twice),
        [
            ((less, -(-less // batch), twice), "Shares are rounded up, so that none is left out"),
            ((less, -(-less // batch), 0), "Shares are rounded up, so that none is left out"),
            ((each, each // batch, twice), "The smaller last batch is a step, too"),
            ((each, steps, 0), "Shares are equally long: some pictures come twice"),
            ((each, steps, pictures - less * workers), "That many would be left over; how many "
             "are lacking for equal shares?"),
            ((pictures, -(-pictures // batch), 0), "Each worker gets only a share"),
            ((each, -(-pictures // batch), twice), "The steps of one worker, with its own share"),
        ],
    )  # fmt: skip


def task_3(answer, given, draw):
    cases = []
    for count, warm_up in (6, 1), (7, 3), (4, 0):
        slow = [round(draw.uniform(3, 9), 2) for _ in range(warm_up)]
        quick = [round(draw.uniform(0.1, 0.4), 3) for _ in range(count - warm_up - 1)]
        place = draw.randrange(len(quick))
        cases.append(
            ([*slow, *quick[:place], 2.0, *quick[place:]], draw.randrange(20, 99), warm_up)
        )

    def by(middle, keep=False):
        return lambda s, n, w: n / middle(s if keep else s[w:])

    expect_function(
        answer,
        cases,
        by(statistics.median),
        [
            (by(statistics.mean), "That is the mean; one slow step moves it, the median stays"),
            (by(statistics.median, keep=True), "The first steps are still in it"),
            (by(statistics.mean, keep=True), "That is the mean, with the first steps in it"),
            (by(min), "That is the quickest step, not the one in the middle"),
            (lambda s, n, w: statistics.median(s[w:]), "Those are seconds; pictures per second"),
            (lambda s, n, w: statistics.median(s[w:]) / n, "Upside down: pictures over seconds"),
            (lambda s, n, w: 1 / statistics.median(s[w:]), "Those are steps per second"),
            *((by(middle), "With an even number of steps, take the mean of the two in the middle")
              for middle in (statistics.median_low, statistics.median_high)),
            *((lambda s, n, w, k=k: n / (s[w:][len(s[w:]) // 2 - k]), "Sort the seconds first")
              for k in (0, 1)),
            (lambda s, n, w: n / (s[w:][len(s[w:]) // 2] if len(s[w:]) % 2 else
                                  sum(s[w:][len(s[w:]) // 2 - 1 :][:2]) / 2),
             "Sort the seconds first"),
        ],
    )  # fmt: skip


def _shared(count, workers, epoch, seed):
    found = []
    for rank in range(workers):
        sampler = DistributedSampler(range(count), num_replicas=workers, rank=rank, seed=seed)
        sampler.set_epoch(epoch)
        found.append(list(sampler))
    return found


def _dealt(count, workers, epoch, seed, deal=True, pad=True, mixed=True):
    order = list(range(count))
    if mixed:
        generator = torch.Generator().manual_seed(seed + epoch)
        order = torch.randperm(count, generator=generator).tolist()
    order += order[: -count % workers] if pad is True else order[-1:] * (-count % workers * pad)
    size = len(order) // workers
    if pad is False and deal == "cut":
        order = order[: size * workers]
    if deal:
        return [order[worker::workers] for worker in range(workers)]
    return [order[worker * size : (worker + 1) * size] for worker in range(workers)]


def task_4(answer, given, draw):
    cases = []
    for count, workers, epoch in (14, 4, 0), (12, 3, 2), (11, 5, draw.randrange(3, 9)):
        cases.append((count, workers, epoch, draw.randrange(5, 500)))
    expect_function(
        answer,
        cases,
        _shared,
        [
            (lambda n, w, e, s: _dealt(n, w, e, s, deal=False), "Deal the order out one by one; "
             "you cut it into pieces"),
            (lambda n, w, e, s: _dealt(n, w, e, s, pad=False), "Not equally long: go on with "
             "the first indices"),
            (lambda n, w, e, s: _dealt(n, w, e, s, deal="cut", pad=False), "The indices that are "
             "left over are lost: go on with the first ones instead"),
            (lambda n, w, e, s: _dealt(n, w, e, s, pad=1), "The last index is repeated; go on with "
             "the first ones"),
            (lambda n, w, e, s: _dealt(n, w, 0, s), "The epoch does not enter: every epoch has the "
             "same order"),
            (lambda n, w, e, s: _dealt(n, w, e, 0), "The seed does not enter"),
            (lambda n, w, e, s: _dealt(n, w, e, s, mixed=False), "The order is not drawn"),
        ],
    )  # fmt: skip


def task_5(answer, given, draw):
    generator = torch.Generator().manual_seed(draw.randrange(2**31))
    cases, wholes = [], []
    for counts in [5, 2, 1], [3, 3], [draw.randrange(2, 6), 9]:
        weight = torch.randn(2, 4, generator=generator, requires_grad=True)
        images = torch.randn(sum(counts), 4, generator=generator)
        labels = torch.randint(2, (sum(counts),), generator=generator)

        def slope(x, y, weight=weight):
            return torch.autograd.grad(F.cross_entropy(x @ weight.T, y), weight)[0]

        parts = zip(images.split(counts), labels.split(counts), strict=True)
        cases.append(([slope(*part) for part in parts], counts))
        wholes.append(slope(images, labels))

    def oracle(gradients, counts):  # autograd's own gradient of the whole batch
        place = next(n for n, case in enumerate(cases) if case[1] == counts)
        return wholes[place]

    def weighed(gradients, counts):
        return sum(g * n for g, n in zip(gradients, counts, strict=True))

    expect_function(
        answer,
        cases,
        oracle,
        [
            (lambda g, n: sum(g) / len(g), "The plain mean gives a small share too much weight: "
             "weigh each by its pictures"),
            (lambda g, n: sum(g), "That is the sum of the workers' means"),
            (weighed, "Divide by the number of all pictures"),
            (lambda g, n: weighed(g, n) / len(n), "Divide by all pictures, not by the workers"),
            (lambda g, n: sum(g) / sum(n), "The gradients are means: multiply each by its count"),
            (lambda g, n: g[0], "That is the gradient of the first worker alone"),
            (lambda g, n: sum(a / b for a, b in zip(g, n, strict=True)), "Multiply by the counts, "
             "then divide by all pictures"),
        ],
    )  # fmt: skip
