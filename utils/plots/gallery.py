"""Several convolutions moving at the same time, without numbers: how their settings compare."""

from utils.plots import cells
from utils.plots.cells import DONE, MARGIN, NOW
from utils.plots.convolutions import ANIMATION, draw_large, draw_small
from utils.plots.windows import convolve

COLUMNS, MOST_CASES, MOST_STEPS, MOST_SIDE = 4, 12, 36, 12  # more steps make a large file
OPTIONS = ("size", "kernel_size", "stride", "padding", "dilation", "transposed", "output_padding")


def animate_cases(cases, title=None):
    """Show several convolutions at the same time, four in a row; all end together.

    `cases`: {name: {"size": 5, "kernel_size": 3, ...}}, at most 12; the input is size by size,
    the kernel kernel_size by kernel_size. Also allowed: stride, padding, dilation, transposed,
    output_padding. Raises ValueError for others, and for what is larger than can be seen: more
    than 36 steps, or more than 12 rows.
    """
    if not isinstance(cases, dict) or not 1 <= len(cases) <= MOST_CASES:
        count = len(cases) if isinstance(cases, dict) else type(cases).__name__
        raise ValueError(f"cases must be a dict of 1 to {MOST_CASES} cases by name, got {count}")
    made = {str(name): _case(name, options) for name, options in cases.items()}
    count = max(case.steps for case in made.values())
    frames = (_picture(made, (frame, count), title) for frame in range(count))
    words = "; ".join(f"{name}: {_sizes(case)}" for name, case in made.items())
    many = f"{len(made)} convolution{'s' * (len(made) > 1)}"
    doing = "each kernel moves over its input, or is laid on its output"
    alt = f"{title + ': ' if title else ''}Animation of {many}; {doing}. {words}."
    cells.show_bytes(cells.as_gif(frames, 500, 1500), alt, "animation")


def _case(name, options):
    """Return a convolution of ones with one case's settings; errors name the case."""
    sides = [options.get(key) for key in OPTIONS[:2]] if isinstance(options, dict) else [None]
    fits = all(type(side) is int and 1 <= side <= MOST_SIDE for side in sides)
    if not fits or not set(options) <= set(OPTIONS):
        raise ValueError(f"case {name!r} is {options!r}; expected a dict with size and kernel_size "
                         f"from 1 to {MOST_SIDE}; if wanted, {', '.join(OPTIONS[2:])}")  # fmt: skip
    image, kernel = ([[1] * side] * side for side in sides)
    try:
        case = convolve(image, kernel, **{k: options[k] for k in OPTIONS[2:] if k in options})
    except ValueError as error:
        raise ValueError(f"case {name!r}: {error}") from error
    if case.steps > MOST_STEPS or max(case.shapes[1]) > MOST_SIDE:
        raise ValueError(f"case {name!r} has {case.steps} steps on {max(case.shapes[1])} rows, "
                         f"more than {MOST_STEPS} on {MOST_SIDE}: make it smaller")  # fmt: skip
    return case


def _sizes(case):
    return f"input {len(case.image)} → output {len(case.output)}"


def _picture(made, part, title):
    """Draw all cases after `part` of their steps; (3, 10) are three tenths."""
    width, head = ANIMATION // COLUMNS, 80
    cell = min(16, (width - 20) // max(case.shapes[1][1] for case in made.values()))
    rows = [list(made.items())[at : at + COLUMNS] for at in range(0, len(made), COLUMNS)]
    heights = [104 + cell * max(sum(r for r, _ in case.shapes) for _, case in row) for row in rows]
    image, pen = cells.canvas(ANIMATION, head + sum(heights))
    cells.write(pen, (10, 8), title or "Convolutions", 18, bold=True, room=ANIMATION - 20)
    cells.draw_legend(pen, (10, 40), _legend(made.values()))
    for at, row in enumerate(rows):
        top = head + sum(heights[:at])
        for column, (name, case) in enumerate(row):
            left = column * width + 10
            cells.write(pen, (left, top), name, 15, bold=True, room=width - 15)
            cells.write(pen, (left, top + 22), _sizes(case), 15, room=width - 15)
            _draw_case(pen, (left, top + 48), cell, case, part[0] * case.steps // part[1])
    return image


def _legend(cases):
    padded = {case.transposed for case in cases if any(case.padding)}
    looks = {"this step": (NOW, False, False), "done": (DONE, False, False)}
    looks |= {"padding": (MARGIN, True, False)} if False in padded else {}
    return looks | ({"cut off": ("white", False, True)} if True in padded else {})


def _draw_case(pen, corner, cell, case, step):
    """Draw the input, and the output below it."""
    left, top = corner
    for which in (0, 1) if case.transposed else (1, 0):
        (draw_small, draw_large)[which](pen, (left, top), cell, case, step, False)
        end = top + case.shapes[which][0] * cell
        if top == corner[1]:
            cells.arrow(pen, (left + 20, end + 5), (left + 20, end + 25))
        top = end + 30
