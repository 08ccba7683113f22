"""The oracle of a worker's rank, and the known mistakes with ranks and shares, in words."""

import math


def whoami(machine, local, machines, each):
    return machine * each + local, machines * each


def blocks(count, workers, rank, fill=True):
    each = math.ceil(count / workers) if fill else count // workers
    return [number % count for number in range(each * rank, each * rank + each)]


def dealt(count, workers, rank):
    return list(range(count))[rank::workers]


def cut(count, workers, rank):
    return list(range(count // workers * workers))[rank::workers]


def last_repeated(count, workers, rank):
    each = math.ceil(count / workers)
    return [min(number, count - 1) for number in range(each * workers)][rank::workers]


def zeros_repeated(count, workers, rank):
    return [*range(count), *[0] * (-count % workers)][rank::workers]


RANK_MISTAKES = [
    (
        lambda machine, local, machines, each: (machine * machines + local, machines * each),
        "Before this machine come `machine` machines with `per_machine` workers each",
    ),
    (
        lambda machine, local, machines, each: (local, machines * each),
        "That is LOCAL_RANK, which starts at 0 on each machine; RANK counts all workers",
    ),
    (
        lambda machine, local, machines, each: (
            local * machines + machine,
            machines * each,
        ),
        "That deals ranks out in turns; all workers of machine 0 come first",
    ),
    (
        lambda machine, local, machines, each: (machine * each + local, each),
        "That is one machine's number of workers; the world is all machines'",
    ),
    (
        lambda machine, local, machines, each: (machine * each + local, machines),
        "That is the number of machines; the world size counts workers",
    ),
    (
        lambda machine, local, machines, each: (
            machine * each + local + 1,
            machines * each,
        ),
        "Ranks are counted from 0",
    ),
]
SHARE_MISTAKES = [
    (dealt, "All need equally many: fill up from the beginning of the list"),
    (cut, "That leaves pictures out, as drop_last=True does; fill up instead"),
    (blocks, "Those are blocks of neighbours; deal them out like cards, one by one"),
    (
        lambda *case: blocks(*case, fill=False),
        "Those are blocks of neighbours; deal them out like cards, one by one",
    ),
    (last_repeated, "It fills up from the beginning, not with the last picture again"),
    (zeros_repeated, "Fill up with 0, 1, 2, …, not with 0 again and again"),
    (lambda *case: dealt(case[0], case[1], case[2] + 1), "Ranks are counted from 0"),
]
