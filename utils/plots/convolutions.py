"""Convolutions shown step by step: one with all its numbers, or several at the same time."""

from itertools import product

from utils.plots import cells
from utils.plots.cells import DONE, MARGIN, MINUS, NOW, TIMES
from utils.plots.windows import by, convolve, in_words, number, places, products, shape_of, written

MOST_SIDE, MOST_WEIGHTS, MOST_STEPS = 10, 25, 40
PAGE, ANIMATION = 950, 760  # pixels across; all of a notebook, and most of it
HEAD = 62


def animate_convolution(
    image, kernel, stride=1, padding=0, dilation=1, transposed=False, output_padding=0, title=None
):
    """Show a convolution of one channel as an animation, with each sum of products written out.

    `image`: (H, W) numbers, at most 10 by 10 after padding; `kernel`: (h, w), at most 25
    weights; the others as in torch.nn.functional.conv2d, or conv_transpose2d if `transposed`:
    an integer or a pair (down, right). As in PyTorch, the kernel is not flipped.

    Raises ValueError for other arguments, and for more than 40 steps.
    """
    case = _checked(convolve(image, kernel, stride, padding, dilation, transposed, output_padding))
    frames = []
    for index in range(case.steps):
        step = picture(case, index, ANIMATION, 16)
        image, pen = cells.canvas(ANIMATION, HEAD + step.height)
        _draw_head(pen, case, ANIMATION, title)
        image.paste(step, (0, HEAD))
        frames.append(image)
    cells.show_bytes(cells.as_gif(frames, 700, 2500), _alt(case, "Animation", title), "animation")


def plot_convolution_steps(
    image, kernel, stride=1, padding=0, dilation=1, transposed=False, output_padding=0,
    steps=4, title=None,
):  # fmt: skip
    """Show `steps` moments of a convolution, the first and last among them, as one still picture.

    The other arguments, and what is refused, are those of animate_convolution.
    """
    if type(steps) is not int or not 1 <= steps <= 8:
        raise ValueError(f"steps must be an integer from 1 to 8, got {steps!r}")
    case = _checked(convolve(image, kernel, stride, padding, dilation, transposed, output_padding))
    count = min(steps, case.steps)
    chosen = [round(part * (case.steps - 1) / max(count - 1, 1)) for part in range(count)]
    # Side by side only where a cell keeps room for two numbers that can be read
    across = 2 if count > 1 and sum(shape[1] for shape in case.shapes) <= 10 else 1
    frames = [picture(case, index, PAGE // across, 18) for index in chosen]
    width, height = frames[0].size
    sheet, pen = cells.canvas(PAGE, HEAD + -(-count // across) * height)
    _draw_head(pen, case, PAGE, title)
    for at, frame in enumerate(frames):
        sheet.paste(frame, (at % across * width, HEAD + at // across * height))
    numbers = ", ".join(str(index + 1) for index in chosen)
    kind = f"Steps {numbers} of {case.steps}"
    cells.show_bytes(cells.as_png(sheet), _alt(case, kind, title), "figure")


def _checked(case):
    """Refuse what cannot be read, or is too long to watch."""
    weights = len(case.kernel) * len(case.kernel[0])
    if max(case.shapes[1]) > MOST_SIDE:
        what = "output before it is cut" if case.transposed else "padded input"
        raise ValueError(
            f"the {what} is {by(case.shapes[1])}; at most {MOST_SIDE} rows and columns can be "
            "read. Pass a smaller image or kernel, or less padding, stride or dilation"
        )
    if weights > MOST_WEIGHTS:
        raise ValueError(
            f"the kernel has {weights} weights; at most {MOST_WEIGHTS} products can be written "
            "out. Pass a smaller kernel"
        )
    if case.steps > MOST_STEPS:
        raise ValueError(
            f"{case.steps} steps are too many to watch; at most {MOST_STEPS}. "
            "Pass a smaller image, or a larger stride"
        )
    return case


def _alt(case, kind, title):
    rows = "; ".join(" ".join(number(value) for value in row) for row in case.output)
    what = f"{kind} of a {'transposed ' * case.transposed}convolution with {in_words(case)}."
    doing = (
        "Each input number lays its multiple of the kernel on the output, where they add up"
        if case.transposed
        else "The kernel visits one window of the input after the other, and sums the products"
    )
    return f"{title + ': ' if title else ''}{what} {doing}. Output: {rows}."


def _draw_head(pen, case, width, title):
    kind = "Transposed convolution" if case.transposed else "Convolution"
    cells.write(pen, (10, 8), title or kind, 18, bold=True, room=width - 20)
    cells.write(pen, (10, 34), in_words(case), 17, room=width - 20)


def picture(case, index, width, size):
    """Draw one step of a case, `width` pixels wide, with text of `size` pixels."""
    texts = [cells.broken(written(case, step), width - 20, size) for step in range(case.steps)]
    names = _names(case)
    order = (0, 1) if case.transposed else (1, 0)  # the input stands on the left
    shapes = [case.shapes[which] for which in order]
    cell = min(_roomy(case), (width - 80) // sum(columns for _, columns in shapes))
    left = max(cell * shapes[0][1], int(cells.text_length(names[0], size)))
    top, line = 2 * size, 1.5 * size
    below = top + cell * max(rows for rows, _ in shapes) + size
    image, pen = cells.canvas(width, below + line * (1 + max(map(len, texts))) + 10)
    corners = (10, top), (left + 60, top)
    for which, corner, name in zip(order, corners, names, strict=True):
        cells.write(pen, (corner[0], top - 6), name, size, "lb", room=width - corner[0])
        (draw_small, draw_large)[which](pen, corner, cell, case, index, True)
    middle = top + cell * min(rows for rows, _ in shapes) // 2
    cells.arrow(pen, (left + 22, middle), (left + 48, middle))
    for row, text in enumerate([_doing(case, index), *texts[index]]):
        cells.write(pen, (10, below + line * row), text, size, room=width - 20)
    return image


def _roomy(case):
    """Return the side of a cell that its numbers would like to have, in pixels."""
    rows = [row for grid in (case.kernel, case.output, *case.large) for row in grid]
    if max(len(number(value)) for row in rows for value in row) > 3:
        return 60
    return 46 if case.steps <= 16 else 40  # many large pictures make a large file


def _names(case):
    pads = any(case.padding)
    before = " and its padding" if pads and not case.transposed else ""
    after = " (hatched: cut off)" if pads and case.transposed else ""
    return f"input {by(shape_of(case.image))}{before}", f"output {by(shape_of(case.output))}{after}"


def _doing(case, index):
    done = "pixel · weight is added (+)" if case.transposed else f"sum of pixel · weight ({TIMES})"
    return f"Step {index + 1} of {case.steps}: {done}"


def draw_large(pen, corner, cell, case, index, numbers):
    """Draw the grid that the kernel moves over."""
    shape, now = case.shapes[1], dict(zip(places(case, index), products(case, index), strict=True))
    before = range(index * case.transposed)
    done = {place for step in before for place in places(case, step)}

    def look(*place):
        outside = zip(place, case.padding, shape, strict=True)
        margin = any(not pad <= at < side - pad for at, pad, side in outside)
        forward = margin and not case.transposed
        fill = NOW if place in now else DONE if place in done else MARGIN if forward else "white"
        return fill, forward, margin and case.transposed

    cells.draw_grid(pen, corner, cell, shape, look)
    for place in product(*map(range, shape)) if numbers else ():
        value = case.large[index][place[0]][place[1]]
        note = _corner(case, now[place]) if place in now else ""
        cells.write_number(
            pen, cells.box_of(corner, cell, *place), number(value), look(*place)[0], note
        )
    cells.frame(pen, corner, cell, list(now))


def _corner(case, pair):
    pixel, weight = pair
    value = number(pixel * weight)
    return (
        f"{'' if value.startswith(MINUS) else '+'}{value}"
        if case.transposed
        else TIMES + number(weight)
    )


def draw_small(pen, corner, cell, case, index, numbers):
    """Draw the grid with one cell for each step."""
    shape = case.shapes[0]
    rows = case.image if case.transposed else case.output

    def look(row, column):
        step = row * shape[1] + column
        done = step < index and not case.transposed
        return NOW if step == index else DONE if done else "white", False, False

    cells.draw_grid(pen, corner, cell, shape, look)
    for step in range(case.steps if case.transposed else index + 1) if numbers else ():
        place = divmod(step, shape[1])
        box = cells.box_of(corner, cell, *place)
        cells.write_number(pen, box, number(rows[place[0]][place[1]]), look(*place)[0])
    cells.frame(pen, corner, cell, [divmod(index, shape[1])])
