"""Lab 1: its numbers, and what judges the answers, both drawn from the teacher's seed."""

import torch

from teaching.labs.lab_1 import classes
from utils.exercises.compare import chosen, expect_function, expect_value

# m and n differ and are larger than 1, so that each line always raises, or never does
LINES = (
    "torch.ones({m}, {n}) + torch.ones({n})",
    "torch.ones({m}, {n}) + torch.ones({m})",
    "torch.ones({m}, {n}) + torch.ones({m}, 1)",
    "torch.ones({m}, {n}) @ torch.ones({m}, {n})",
    "torch.ones({m}, {n}) @ torch.ones({n}, {m})",
    "torch.ones({m}, {n}).flatten() @ torch.ones({n})",
    "torch.ones(2, 1, {n}) + torch.ones({m}, 1)",
    "torch.ones({m}, {n}).T + torch.ones({m}, {n})",
)


def numbers(draw):
    m, n = draw.sample(range(2, 8), 2)
    return {
        "count": draw.randrange(20, 90),
        "height": draw.randrange(40, 70),
        "width": draw.randrange(70, 99),
        "options": [line.format(m=m, n=n) for line in draw.sample(LINES, 6)],
    }


def task_1(answer, given, draw):
    numbers = given["count"] * 3 * given["height"] * given["width"]
    expect_value(
        answer,
        4 * numbers,
        [
            (numbers, "That counts the numbers; each takes 4 bytes as float32"),
            (8 * numbers, "float32 has 32 bits, that is 4 bytes; 8 is for float64"),
            (2 * numbers, "float32 has 4 bytes; 2 is for float16"),
            (4 * numbers // 3, "Each pixel has three numbers, one for each colour"),
            (4 * numbers // given["count"], "That is one photograph; multiply by how many"),
            (32 * numbers, "Those are bits; 8 of them are a byte"),
        ],
    )


def _pictures(draw, count, height, width):
    generator = torch.Generator().manual_seed(draw.randrange(2**31))
    return torch.randint(20, 230, (count, height, width), generator=generator).to(torch.uint8)


def _placed(pictures, columns, by_column=False, rows=None, empty=0):
    """Return the sheet, each picture laid on its place."""
    count, height, width = pictures.shape
    rows = -(-count // columns) if rows is None else rows(count, columns)
    sheet = torch.full((rows * height, columns * width), empty, dtype=pictures.dtype)
    for place in range(min(count, rows * columns)):
        row, column = divmod(place, columns)
        if by_column:
            column, row = divmod(place, rows)
        top, left = row * height, column * width
        sheet[top : top + height, left : left + width] = pictures[place]
    return sheet


def _only_reshaped(pictures, columns):
    count, height, width = pictures.shape
    full = pictures.new_zeros(-(-count // columns) * columns, height, width)
    full[:count] = pictures
    return full.reshape(-1, columns * width)


def task_2(answer, given, draw):
    shapes = [(6, 2, 3), (7, 3, 2), (5, 2, 4)]
    cases = [(_pictures(draw, *shape), columns)
             for shape, columns in zip(shapes, draw.sample([2, 3, 4], 3), strict=True)]  # fmt: skip
    expect_function(
        answer,
        cases,
        _placed,
        [
            (_only_reshaped, "`reshape` alone mixes the pictures: move the axes with `permute`"),
            (
                lambda p, c: _placed(p, c, by_column=True),
                "Reading order goes along the rows; yours goes down the columns",
            ),
            (
                lambda p, c: _placed(p, c, rows=lambda n, columns: n // columns),
                "Pictures of a last row that is not full are lost: round the number of rows up",
            ),
            (
                lambda p, c: _placed(p, c, rows=lambda n, columns: n // columns + 1),
                "A full last row needs no further row: round up, do not add 1",
            ),
            (lambda p, c: _placed(p, c, empty=255), "Empty places are black, 0; yours are white"),
        ],
        [("is invalid for input of size", "Add black pictures until the last row is full")],
    )


def _stretched(pictures):
    parts = []
    for picture in pictures.double():
        span = picture.max() - picture.min()
        parts.append((picture - picture.min()) / span if span else picture * 0)
    return torch.stack(parts).float()


def task_3(answer, given, draw):
    cases = [(_pictures(draw, *shape),) for shape in [(3, 4, 5), (4, 4, 4), (1, 2, 6)]]
    for (pictures,) in cases[:2]:
        pictures[draw.randrange(len(pictures))] = draw.randrange(30, 200)

    def spread(pictures, axes):
        low, high = (f(pictures, dim=axes, keepdim=True) for f in (torch.amin, torch.amax))
        return (pictures - low) / (high - low)

    each = "Each picture has extremes of its own"
    expect_function(
        answer,
        cases,
        _stretched,
        [
            (lambda p: spread(p, (1, 2)), "An even picture became NaN: there 0 is divided by 0"),
            (lambda p: spread(p, (0, 1, 2)), f"{each}; yours are those of the whole drawer"),
            (lambda p: (p - p.min()) / (p.max() - p.min()), f"{each}; yours are the drawer's"),
            *((lambda p, d=d: spread(p, d).nan_to_num(0), f"{each}; yours are those of one line")
              for d in (1, 2)),
            (lambda p: p / 255, "That only divides by 255; the darkest pixel must become 0"),
            (
                lambda p: p / p.amax((1, 2), keepdim=True),
                "The darkest pixel must become 0: subtract it first",
            ),
            (lambda p: 1 - _stretched(p), "Upside down: the darkest pixel becomes 0"),
        ],
        [("must match the size", "`keepdim=True` lets the extremes line up with their picture")],
    )  # fmt: skip


def task_4(answer, given, draw):
    raises, reasons = set(), {}
    for letter, line in zip("abcdef", given["options"], strict=True):
        try:
            shape = tuple(eval(line, {"torch": torch}).shape)
            reasons[letter] = f"the shapes fit, and give {shape}"
        except RuntimeError as error:
            raises.add(letter)
            reasons[letter] = f"PyTorch says: {str(error).splitlines()[0]}"
    chosen(answer, raises, reasons)


task_5 = classes.task_5
