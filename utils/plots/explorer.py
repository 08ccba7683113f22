"""Sliders for the arguments of a convolution, with the formula and the picture that follow."""

from base64 import b64encode
from itertools import product

from utils.plots import cells
from utils.plots.cells import MARGIN, MINUS, NOW
from utils.plots.windows import by

RANGES = {
    "size": (1, 12), "kernel_size": (1, 7), "stride": (1, 5), "padding": (0, 4), "dilation": (1, 4),
}  # fmt: skip
WIDTH, HEIGHT, TOP = 760, 430, 34  # pixels, always the same, so that the page stands still
VIEW = "application/vnd.jupyter.widget-view+json"


def explore_convolution(size=7, kernel_size=3, stride=1, padding=0, dilation=1):
    """Show a convolution's windows, its output size by formula, and sliders that change them.

    `size`: 1..12 pixels along each side of the input, `kernel_size`: 1..7, `stride`: 1..5,
    `padding`: 0..4, `dilation`: 1..4. Without a running kernel the page shows the picture for
    these arguments. Raises ValueError for others.
    """
    settings = dict(zip(RANGES, (size, kernel_size, stride, padding, dilation), strict=True))
    for name, value in settings.items():
        low, high = RANGES[name]
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"{name} must be an integer from {low} to {high}, got {value!r}")
    view = {"version_major": 2, "version_minor": 0, "model_id": build(settings).model_id}
    lines = describe(**settings)[1:]
    alt = f"A convolution with {_named(settings)}. {' '.join(lines)}"
    cells.show_bytes(picture(settings, 0, lines), alt, "explorer", **{VIEW: view})


def _named(settings):
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def build(settings):
    """Return the sliders, the text and the picture as one widget."""
    import ipywidgets as widgets

    style = {"description_width": "6em"}
    sliders = {
        name: widgets.IntSlider(settings[name], *RANGES[name], description=name, style=style)
        for name in RANGES
    }
    window = widgets.IntSlider(1, 1, 1, description="window", style=style)
    play = widgets.Play(value=1, min=1, max=1, interval=600)
    widgets.jslink((play, "value"), (window, "value"))
    text, image = widgets.HTML(), widgets.HTML()  # widgets.Image has no alternative text

    def redraw(_=None):
        now = {name: slider.value for name, slider in sliders.items()}
        output, *lines = describe(**now)
        play.max = window.max = (output or 1) ** 2
        text.value = "<br>".join(lines)
        alt = f"{_named(now)}. {' '.join(lines)}"
        data = b64encode(picture(now, window.value - 1, [])).decode("ascii")
        image.value = f'<img src="data:image/png;base64,{data}" alt="{alt}" width="{WIDTH}">'

    for slider in (*sliders.values(), window):
        slider.observe(redraw, "value")
    redraw()
    halves = [*sliders.values()][:3], [*sliders.values(), window][3:]
    columns = widgets.HBox([widgets.VBox(half) for half in halves])
    return widgets.VBox([columns, play, text, image])


def describe(size, kernel_size, stride=1, padding=0, dilation=1):
    """Return a convolution's output size, or None if it has none, and lines of text about it.

    The first line is the formula with its numbers, the short one while dilation is 1; the others
    say what follows from them.
    """
    span, padded = dilation * (kernel_size - 1) + 1, size + 2 * padding
    output = (padded - span) // stride + 1 if span <= padded else None
    inner = f"{size} + 2·{padding} {MINUS} {kernel_size}"
    if dilation > 1:
        inner = f"{size} + 2·{padding} {MINUS} {dilation}·({kernel_size} {MINUS} 1) {MINUS} 1"
    formula = f"⌊({inner}) / {stride}⌋ + 1"
    if output is None:
        return None, f"{formula} has no meaning here.", _too_wide(span, size, kernel_size, padding)
    seen = f"Output {by([output] * 2)}: the kernel, {_count(span, 'pixel')} wide, fits at "
    seen += f"{_count(output, 'place')} across and {output} down."
    lines = [_never(size, *unseen(size, kernel_size, stride, padding, dilation))]
    return output, f"{formula} = {output}", seen, *lines


def _too_wide(span, size, kernel_size, padding):
    """Say why there is no output, and which sliders help."""
    short = span - size - 2 * padding
    half, padded = -(-short // 2), size + 2 * padding
    ways = [f"add {half} to padding"] * (padding + half <= RANGES["padding"][1])
    ways += [f"add {short} to size"] * (size + short <= RANGES["size"][1])
    ways += ["choose a smaller dilation"] * (kernel_size <= padded)
    ways += ["choose a smaller kernel_size"]
    spans = f"The kernel spans {_count(span, 'pixel')}, the padded input has {padded}"
    return f"{spans}: it fits nowhere. To mend that, {', or '.join(ways)}."


def _count(number, thing):
    return f"{number} {thing}{'s' * (number != 1)}"


def unseen(size, kernel_size, stride, padding, dilation):
    """Return the rows of the input that no window sees: those after the last seen, and others."""
    output = (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1
    steps = product(range(output), range(kernel_size))
    seen = {place * stride + weight * dilation - padding for place, weight in steps}
    never = [row for row in range(size) if row not in seen]
    return [row for row in never if row > max(seen)], [row for row in never if row < max(seen)]


def _never(size, end, between):
    if not end and not between:
        return "Every pixel is seen."
    whys = [
        (len(end), "below and on the right, where the next step would leave the input"),
        (len(between), "in between, which the kernel steps over"),
    ]
    rows = "; ".join(f"{_count(n, 'row')} and {_count(n, 'column')} {why}" for n, why in whys if n)
    pixels = size**2 - (size - len(end) - len(between)) ** 2
    return f"Never seen (hatched): {rows}. Together {pixels} of {_count(size**2, 'pixel')}."


def picture(settings, index, lines):
    """Return a PNG: the padded input with window `index`, the output, and `lines` below them."""
    size, kernel_size, stride, padding, dilation = settings.values()
    output, padded = describe(**settings)[0] or 0, size + 2 * padding
    widest = max(padded, dilation * (kernel_size - 1) + 1)
    cell = min(36, 660 // (widest + output), (HEIGHT - 80) // widest)
    lines = [part for line in lines for part in cells.broken(line.split(), WIDTH - 20, 16)]
    image, pen = cells.canvas(WIDTH, HEIGHT + 26 * len(lines) + 8 * bool(lines))
    place = divmod(index, output) if output else (0, 0)
    weights = product(range(0, dilation * kernel_size, dilation), repeat=2)
    covered = [tuple(p * stride + w for p, w in zip(place, at, strict=True)) for at in weights]
    _draw_input(pen, cell, settings, output, covered)
    name = f"input {by([size] * 2)}{' and its padding' * bool(padding)}"
    cells.write(pen, (10, 8), name, 16)
    left = 80 + max(cell * widest, int(cells.text_length(name, 16)))
    cells.write(pen, (left, 8), f"output {by([output] * 2)}" if output else "no output", 16)
    if output:
        _draw_output(pen, left, cell, output, place)
    for row, line in enumerate(lines):
        cells.write(pen, (10, HEIGHT + 26 * row), line, 16)
    return cells.as_png(image)


def _draw_input(pen, cell, settings, output, covered):
    size, _, _, padding, _ = settings.values()
    never = {row for rows in unseen(*settings.values()) for row in rows} if output else set()

    def look(*place):
        at = [side - padding for side in place]
        margin = not all(0 <= side < size for side in at)
        fill = NOW if place in covered else MARGIN if margin else "white"
        return fill, margin, not margin and not never.isdisjoint(at)

    # A kernel that is too wide is drawn beyond the input, where nothing is
    for place in covered:
        cells.draw_cell(pen, cells.box_of((10, TOP), cell, *place), NOW, True)
    cells.draw_grid(pen, (10, TOP), cell, [size + 2 * padding] * 2, look)
    cells.frame(pen, (10, TOP), cell, covered)
    looks = {"window" if output else "kernel": (NOW, False, False)}
    looks |= {"padding": (MARGIN, True, False)} if padding else {}
    looks |= {"never seen": ("white", False, True)} if never else {}
    cells.draw_legend(pen, (10, HEIGHT - 34), looks)


def _draw_output(pen, left, cell, output, place):
    middle = TOP + cell * output // 2
    cells.arrow(pen, (left - 44, middle), (left - 16, middle))
    cells.draw_grid(pen, (left, TOP), cell, [output] * 2, lambda *_: ("white", False, False))
    cells.draw_cell(pen, cells.box_of((left, TOP), cell, *place), NOW)
    cells.frame(pen, (left, TOP), cell, [place])
