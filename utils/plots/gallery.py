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
    made = _made(cases)
    count = max(case.steps for case in made.values())
    frames = (
        _picture([(name, case, frame * case.steps // count) for name, case in made.items()], title)
        for frame in range(count)
    )
    alt = _alt(made, "Animation", title)
    cells.show_bytes(cells.as_gif(frames, 500, 1500), alt, "animation")


def plot_cases(cases, title=None):
    """Show several convolutions as film strips: a row each, four moments from first to last.

    `cases`, and what is refused, as in animate_cases: a still page tells as much with it.
    """
    made, entries = _made(cases), []
    for name, case in made.items():
        count = min(COLUMNS, case.steps)
        for part in range(count):
            step = round(part * (case.steps - 1) / max(count - 1, 1))
            entries.append((f"{name}, step {step + 1} of {case.steps}", case, step))
        entries += [None] * (COLUMNS - count)
    cells.show_bytes(cells.as_png(_picture(entries, title)), _alt(made, "Steps", title), "figure")


def _made(cases):
    if not isinstance(cases, dict) or not 1 <= len(cases) <= MOST_CASES:
        count = len(cases) if isinstance(cases, dict) else type(cases).__name__
        raise ValueError(f"cases must be a dict of 1 to {MOST_CASES} cases by name, got {count}")
    return {str(name): _case(name, options) for name, options in cases.items()}


def _alt(made, kind, title):
    words = "; ".join(f"{name}: {_sizes(case)}" for name, case in made.items())
    many = f"{len(made)} convolution{'s' * (len(made) > 1)}"
    doing = "each kernel moves over its input, or is laid on its output"
    return f"{title + ': ' if title else ''}{kind} of {many}; {doing}. {words}."


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


def _picture(entries, title):
    """Draw cases, each after some of its steps, four in a row; None leaves a place empty."""
    width, head, cases = ANIMATION // COLUMNS, 80, [entry[1] for entry in entries if entry]
    cell = min(16, (width - 20) // max(case.shapes[1][1] for case in cases))
    rows = [entries[at : at + COLUMNS] for at in range(0, len(entries), COLUMNS)]
    heights = [
        104 + cell * max(sum(r for r, _ in entry[1].shapes) for entry in row if entry)
        for row in rows
    ]
    image, pen = cells.canvas(ANIMATION, head + sum(heights))
    cells.write(pen, (10, 8), title or "Convolutions", 18, bold=True, room=ANIMATION - 20)
    cells.draw_legend(pen, (10, 40), _legend(cases))
    for place, entry in enumerate(entries):
        if entry:
            name, case, step = entry
            left = place % COLUMNS * width + 10
            top = head + sum(heights[: place // COLUMNS])
            cells.write(pen, (left, top), name, 15, bold=True, room=width - 15)
            cells.write(pen, (left, top + 22), _sizes(case), 15, room=width - 15)
            _draw_case(pen, (left, top + 48), cell, case, step)
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
