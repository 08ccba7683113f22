"""Tensors as blocks to scale, on a canvas measured in dots, a hundred an inch."""

from functools import lru_cache
from math import ceil, floor, log10

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.textpath import TextPath

from utils.plots.style import WIDTH

SIZE, LINE = 9.5, 17  # of text in points, from one line of it to the next in dots
# The longest side of a face, the deepest block, the longest vector, its thickness; the least.
FACE, DEPTH, BAR, THICK, LEAST = 110, 60, 150, 14, 3


def canvas(height):
    """Return the axis over all of a new figure as wide as a notebook, in dots downwards."""
    # "none" would become the style's layout again as soon as the figure is saved once
    free = PlaceHolderLayoutEngine(adjust_compatible=True, colorbar_gridspec=True)
    figure = plt.figure(figsize=(WIDTH, height / 100), layout=free)
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, 100 * WIDTH), ylim=(height, 0), autoscale_on=False)
    axis.axis("off")
    return axis


def write(axis, x, y, text, **options):
    """Write a text that hangs from `y`, as it is: a dollar means itself."""
    axis.text(x, y, text, **{"va": "top", "fontsize": SIZE, "parse_math": False} | options)


@lru_cache(1000)
def length(text, weight="normal"):
    """Return how many dots wide a text is."""
    if not text.strip():
        return 0
    with plt.rc_context({"text.parse_math": False}):  # as `write` does
        prop = FontProperties(weight=weight)
        path = TextPath((0, 0), text.replace("\t", " "), size=SIZE, prop=prop)
    return path.get_extents().width * 100 / 72


def wrapped(text, room, weight):
    """Return the text in lines that are at most `room` dots wide; long words lose their start."""
    lines = []
    for word in text.replace(" + ", " +\N{NO-BREAK SPACE}").split(" "):
        together = f"{lines[-1]} {word}" if lines else word
        if lines and length(together, weight) <= room:
            lines[-1] = together
            continue
        while length(word, weight) > room:
            word = "…" + word[2:]
        lines.append(word)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def scale_of(shapes):
    """Return the dots for one of the pixels, channels and numbers there are in `shapes`.

    A shape is (numbers,), (channels, pixels) or (channels, pixels, pixels).
    """
    spread = [shape for shape in shapes if len(shape) > 1]
    counts = {
        "pixels": (FACE, [side for shape in spread for side in shape[1:]]),
        "channels": (DEPTH, [shape[0] for shape in spread]),
        "numbers": (BAR, [shape[0] for shape in shapes if len(shape) == 1]),
    }
    return {name: dots / max(1, *given) for name, (dots, given) in counts.items() if given}


def extent(shape, scale):
    """Return a block's width and height on the canvas, and its front's width, height and depth."""
    if len(shape) == 1:
        sides = shape[0] * scale["numbers"], THICK, 0
    elif len(shape) == 2:
        sides = shape[1] * scale["pixels"], shape[0] * scale["channels"], 0
    else:
        sides = shape[2] * scale["pixels"], shape[1] * scale["pixels"], shape[0] * scale["channels"]
    width, height, depth = (max(LEAST, side) if side else 0 for side in sides)
    return width + depth, height + depth, width, height, depth


def too_small(shapes, scale):
    """Return a note, in a list, on the sizes that are drawn larger than to scale."""
    spread = [shape for shape in shapes if len(shape) > 1]
    least = {
        "pixels": min((side for shape in spread for side in shape[1:]), default=0),
        "channels": min((shape[0] for shape in spread), default=0),
        "numbers": min((shape[0] for shape in shapes if len(shape) == 1), default=0),
    }
    few = [f"{ceil(LEAST / scale[n]):,} {n}" for n in scale if least[n] * scale[n] < LEAST]
    return [f"To be seen, fewer than {' or '.join(few)} are drawn as that many."] if few else []


def draw(axis, shape, scale, place, colour, name):
    """Draw a block around `place`; its patches bear `name` as their gid, the front first."""
    whole, high, width, height, depth = extent(shape, scale)
    x, y = place[0] - whole / 2, place[1] + high / 2 - height
    look = {"edgecolor": "black", "linewidth": 0.8, "gid": name}
    axis.add_patch(plt.Rectangle((x, y), width, height, facecolor=_tint(colour, 0.75), **look))
    if not depth:
        return
    right, low = x + width, y + height
    top = [(x, y), (x + depth, y - depth), (right + depth, y - depth), (right, y)]
    side = [(right, y), (right + depth, y - depth), (right + depth, low - depth), (right, low)]
    axis.add_patch(plt.Polygon(top, facecolor=_tint(colour, 0.35), **look))
    axis.add_patch(plt.Polygon(side, facecolor=_tint(colour, 0.55), **look))
    step = depth / shape[0]
    for shift in (step * sheet for sheet in range(1, shape[0] if step > 3 else 0)):
        across, down = (
            (x + shift, right + shift, right + shift),
            (y - shift, y - shift, low - shift),
        )
        axis.plot(across, down, color="black", linewidth=0.5, linestyle="-")


def _tint(colour, strength):
    return tuple(1 - strength * (1 - part) for part in to_rgb(colour))


def arrow(axis, start, end, y):
    """Draw an arrow to the right; a start of None draws none."""
    if start is not None:
        look = {"arrowstyle": "-|>", "facecolor": "black", "shrinkA": 0, "shrinkB": 0}
        axis.annotate("", (end - 3, y), (start + 3, y), arrowprops=look)


def scale_room(scale):
    """Return how high the scales are, in dots, with the space below them."""
    return max(38, 2 * _slant(scale) + 8)


def _slant(scale):
    """Return how far the channels' scale reaches below and above its middle."""
    dots = scale.get("channels", 0)
    return _round(30 / dots) * dots / 2 if dots else 0


def draw_scale(axis, scale, top, flat):
    """Draw each unit's scale from `top` on; `flat`: channels stand upright, pixels are in a row."""
    middle = top + max(8, _slant(scale) - 7)
    write(axis, 12, middle - 8, "To scale:")
    x = 90
    for name, dots in scale.items():
        number = _round((30 if name == "channels" else 60) / dots)
        rise = number * dots * (name == "channels")
        run = rise * (not flat) or number * dots * (name != "channels")
        look = {"color": "black", "linewidth": 1.5, "linestyle": "-", "marker": "o", "ms": 3}
        axis.plot((x, x + run), (middle + rise / 2, middle - rise / 2), gid=name, **look)
        unit = "positions" if flat and name == "pixels" else name
        text = f"{number:,} {unit if number > 1 else unit[:-1]}"
        write(axis, x + run + 10, middle - 8, text)
        x += run + length(text) + 45


def _round(number):
    """Return the largest of 1, 2, 5, 10, 20, ... up to `number`, at least 1."""
    tens = 10 ** floor(log10(max(number, 1)))
    return max(digit * tens for digit in (1, 2, 5) if digit * tens <= max(number, 1))
