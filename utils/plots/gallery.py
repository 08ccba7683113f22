"""Several convolutions moving at the same time, without numbers: how their settings compare."""

from utils.plots import cells
from utils.plots.cells import DONE, MARGIN, NOW
from utils.plots.convolutions import ANIMATION, draw_large, draw_small
from utils.plots.windows import convolve

COLUMNS, MOST_CASES, MOST_STEPS, MOST_SIDE = 4, 12, 64, 12
MOST_FRAMES = 36  # a longer case skips some of its steps, which keeps the file small
OPTIONS = ("size", "kernel_size", "stride", "padding", "dilation", "transposed", "output_padding")


def animate_cases(cases, title=None):
    """Show several convolutions at the same time, four in a row; all end together.

    `cases`: {name: {"size": 5, "kernel_size": 3, ...}}, at most 12; the input is size by size,
    the kernel kernel_size by kernel_size. Also allowed: stride, padding, dilation, transposed,
    output_padding. Raises ValueError for others, and for what is larger than can be seen.
    """
    if not isinstance(cases, dict) or not 1 <= len(cases) <= MOST_CASES:
        count = len(cases) if isinstance(cases, dict) else type(cases).__name__
        raise ValueError(f"cases must be a dict of 1 to {MOST_CASES} cases by name, got {count}")
    made = {str(name): _case(name, options) for name, options in cases.items()}
    count = min(MOST_FRAMES, max(case.steps for case in made.values()))
    frames = (_picture(made, (frame, count), title) for frame in range(count))
    words = "; ".join(f"{name}: {_sizes(case)}" for name, case in made.items())
    many = f"{len(made)} convolution{'s' * (len(made) > 1)}"
    doing = "each kernel moves over its input, or is laid on its output"
    alt = f"{title + ': ' if title else ''}Animation of {many}; {doing}. {words}."
    cells.show_bytes(cells.as_gif(frames, 500, 1500), alt, "animation")


def _case(name, options):
    """Return a convolution of ones with one case's settings; errors name the case."""
    if not isinstance(options, dict) or not {"size", "kernel_size"} <= set(options) <= set(OPTIONS):
        raise ValueError(
            f"case {name!r} is {options!r}; expected a dict with size, kernel_size and, "
            f"if wanted, {', '.join(OPTIONS[2:])}"
        )
    options = dict(options)
    sides = options.pop("size"), options.pop("kernel_size")
    if not all(type(side) is int and 1 <= side <= MOST_SIDE for side in sides):
        raise ValueError(
            f"case {name!r} has size and kernel_size {sides}; expected integers "
            f"from 1 to {MOST_SIDE}"
        )
    image, kernel = ([[1] * side] * side for side in sides)
    try:
        case = convolve(image, kernel, **options)
    except ValueError as error:
        raise ValueError(f"case {name!r}: {error}") from error
    if case.steps > MOST_STEPS or max(case.shapes[1]) > MOST_SIDE:
        raise ValueError(
            f"case {name!r} has {case.steps} steps on {max(case.shapes[1])} rows; at most "
            f"{MOST_STEPS} on {MOST_SIDE} can be watched. Choose a smaller size or padding"
        )
    return case


def _sizes(case):
    return f"input {len(case.image)} → output {len(case.output)}"


def _picture(made, part, title):
    """Draw all cases after `part` of their steps; (3, 10) are three tenths."""
    width, head = ANIMATION // COLUMNS, 80
    cell = min(16, (width - 20) // max(case.shapes[1][1] for case in made.values()))
    rows = [list(made.items())[at : at + COLUMNS] for at in range(0, len(made), COLUMNS)]
    heights = [max(_height(case, cell) for _, case in row) for row in rows]
    image, pen = cells.canvas(ANIMATION, head + sum(heights))
    cells.write(pen, (10, 8), title or "Convolutions", 18, bold=True, room=ANIMATION - 20)
    cells.draw_legend(pen, (10, 40), _legend(made.values()))
    for at, row in enumerate(rows):
        top = head + sum(heights[:at])
        for column, (name, case) in enumerate(row):
            left = column * width + 10
            cells.write(pen, (left, top), name, 15, bold=True, room=width - 15)
            cells.write(pen, (left, top + 22), _sizes(case), 15, room=width - 15)
            _draw_case(pen, (left, top + 48), cell, case, _step(case, *part))
    return image


def _step(case, frame, count):
    """Return the step in a frame counted from 0: the first in the first, the last in the last."""
    return frame * case.steps // count if frame < count - 1 else case.steps - 1


def _height(case, cell):
    return 48 + sum(rows for rows, _ in case.shapes) * cell + 56


def _legend(cases):
    padded = {case.transposed for case in cases if any(case.padding)}
    looks = {"this step": (NOW, False, False), "done": (DONE, False, False)}
    looks |= {"padding": (MARGIN, True, False)} if False in padded else {}
    return looks | ({"cut off": ("white", False, True)} if True in padded else {})


def _draw_case(pen, corner, cell, case, step):
    """Draw the input, and the output below it."""
    left, top = corner
    for which in (0, 1) if case.transposed else (1, 0):
        rows, _ = case.shapes[which]
        (draw_small, draw_large)[which](pen, (left, top), cell, case, step, False)
        if top == corner[1]:
            cells.arrow(
                pen, (left + 20, top + rows * cell + 5), (left + 20, top + rows * cell + 25)
            )
        top += rows * cell + 30
