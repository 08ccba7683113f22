"""Lab 2, task 4: a dataset of windows."""

import torch

from utils.exercises.compare import NotAttempted, WrongAnswer, call, difference, show


def drawn_bytes(draw, *shape, low=0, high=256):
    """Return random bytes of that shape."""
    generator = torch.Generator().manual_seed(draw.randrange(2**31))
    return torch.randint(low, high, shape, generator=generator).to(torch.uint8)


def _windows(pictures, size, stride):
    found = pictures.unfold(1, size, stride).unfold(2, size, stride)
    return found.flatten(1, 2)


def _items(dataset, count):
    items = call(lambda: [dataset[index] for index in range(count)])
    for index, item in enumerate(items):
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise WrongAnswer(f"item {index} is {show(item)}, expected a tuple (window, picture)")
    return items


def _window_fault(window, right, others):
    """Return why `window` is not `right`, a window as bytes, None if it is."""
    wanted = right[None].double().div(255).float()
    found = difference(window, wanted)
    if found is None:
        return None
    known = [
        (wanted[0], "The channel axis is missing: (1, size, size)"),
        (wanted * 255, "Divide by 255"),
        (right[None], "Divide by 255"),
        (wanted.mT, "Rows and columns of the window are exchanged"),
        *((other[None] / 255, words) for other, words in others),
    ]
    reasons = [words for value, words in known if difference(window, value) is None]
    return ". ".join([found, *reasons[:1]])


def task_4(answer, given, draw):
    if not isinstance(answer, type):
        raise WrongAnswer(f"got {show(answer)}, expected the class itself, not an object of it")
    if not set(vars(answer)) & {"__init__", "__len__", "__getitem__"}:
        raise NotAttempted("not attempted yet")
    for size, stride in (3, 2), (2, 3), (draw.choice([3, 4]), 1):
        pictures = drawn_bytes(draw, 2, draw.randrange(7, 9), draw.randrange(10, 12))
        every = _windows(pictures, size, stride)
        of_one, count = every.shape[1], 2 * every.shape[1]
        dataset = call(lambda p=pictures, k=size, s=stride: answer(p.clone(), k, s))
        place = f"given {show(pictures)}, size {size}, stride {stride}: "
        length = call(lambda d=dataset: len(d))
        if length != count:
            rows, columns = pictures.shape[1] // stride, pictures.shape[2] // stride
            named = {
                2: "Those are the pictures; each has many windows",
                of_one: "Those are the windows of one picture",
                2 * rows * columns: "Only whole windows count: (length - size) // stride + 1",
            }
            reason = f". {named[length]}" if length in named else ""
            raise WrongAnswer(f"{place}len() gives {length}, expected {count}{reason}")
        down = _windows(pictures.mT, size, stride).mT
        by_one = _windows(pictures, size, 1)
        for index, (window, own) in enumerate(_items(dataset, count)):
            number, inside = divmod(index, of_one)
            others = [(down[number, inside], "Windows go along the rows, not down the columns"),
                      (by_one[number, inside], "The stride is not used")]  # fmt: skip
            if fault := _window_fault(window, every[number, inside], others):
                raise WrongAnswer(f"{place}window {index}: {fault}")
            if int(own) != number:
                raise WrongAnswer(f"{place}window {index} is of picture {number}, got {show(own)}")
