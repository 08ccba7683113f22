"""What works when, as lanes along time; and what a whole consists of, as stacked bars."""

from itertools import cycle

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgba

from utils.plots.style import BLUE, GREEN, GREY, ORANGE, RED, WIDTH, show

LOOKS = [(BLUE, ""), (ORANGE, "//"), (GREEN, ".."), (GREY, "xx"), (RED, "\\\\"), (BLUE, "++")]
LOOKS += [(ORANGE, "oo"), (GREEN, "||")]


def plot_lanes(lanes, title, xlabel):
    """Show {lane: [(start, length, label), ...]} as one row of boxes a lane, the first on top.

    `xlabel`: what the starts and lengths are, with the unit. Boxes of the same label have the same
    look; a label that fits stands in its box, and the others in a legend below. Raises ValueError
    for no boxes, and for a negative length.
    """
    boxes = [box for row in lanes.values() for box in row]
    if not boxes or min(length for _, length, _ in boxes) < 0:
        raise ValueError(f"lanes hold {len(boxes)} boxes: one at least, of lengths from 0 up")
    looks = dict(zip(dict.fromkeys(label for *_, label in boxes), cycle(LOOKS), strict=False))
    first = min(start for start, *_ in boxes)
    last = max(start + length for start, length, _ in boxes)
    figure, axis = plt.subplots(figsize=(WIDTH, 1.6 + 0.6 * len(lanes)))
    axis.set(
        xlim=(first, last + (last - first) / 100),
        ylim=(len(lanes) - 0.4, -0.6),
        xlabel=xlabel,
        title=title,
    )
    axis.set_yticks(range(len(lanes)), lanes)
    longest = {label: max(length for _, length, own in boxes if own == label) for label in looks}
    letters = 75 / (last - first or 1)  # how many of size 10 fit into one unit of time
    inside = {label for label in looks if longest[label] * letters > len(label) + 2}
    keys = {}
    for row, own in enumerate(lanes.values()):
        for start, length, label in own:
            bar = axis.barh(row, length, 0.7, start, **_look(*looks[label]))
            fits = length * letters > len(label) + 2
            if fits and label in inside:
                words = axis.text(start + length / 2, row, label, ha="center", va="center")
                words.set(fontsize=10, bbox={"facecolor": "white", "edgecolor": "none", "pad": 2})
            elif label not in inside:
                keys[label] = bar
    if keys:
        figure.legend(keys.values(), keys, loc="outside lower center", ncols=5)
    words = "; ".join(
        f"{lane}: " + (", ".join(f"{label} {start:.4g} to {start + length:.4g}"
                                 for start, length, label in own[:12])
                       + (f" and {len(own) - 12} more" if len(own) > 12 else "") or "nothing")
        for lane, own in lanes.items()
    )  # fmt: skip
    show(figure, f"{title}. Lanes along {xlabel}. {words}")


def plot_parts(bars, title, unit):
    """Show {bar: {part: value}} as stacked bars, the first on top, each with its sum behind it.

    A part has one look in all bars, named in a legend. `unit`: of the values, as "MB". Raises
    ValueError for no parts, and for a negative value.
    """
    values = [value for parts in bars.values() for value in parts.values()]
    if not values or min(values) < 0:
        raise ValueError(f"bars hold {len(values)} values: one at least, from 0 up")
    names = dict.fromkeys(name for parts in bars.values() for name in parts)
    sums = {bar: sum(parts.values()) for bar, parts in bars.items()}
    most = max(sums.values()) or 1
    figure, axis = plt.subplots(figsize=(WIDTH, 1.8 + 0.45 * len(bars)))
    left = dict.fromkeys(bars, 0)
    for name, look in zip(names, cycle(LOOKS), strict=False):
        lengths = [parts.get(name, 0) for parts in bars.values()]
        axis.barh(range(len(bars)), lengths, 0.65, list(left.values()), label=name, **_look(*look))
        left = {bar: start + more for (bar, start), more in zip(left.items(), lengths, strict=True)}
    for row, total in enumerate(sums.values()):
        axis.text(total + most / 100, row, f"{total:.3g} {unit}", va="center", fontsize=10)
    axis.set(xlim=(0, most * 1.14), ylim=(len(bars) - 0.5, -0.5), xlabel=unit, title=title)
    axis.set_yticks(range(len(bars)), bars)
    figure.legend(loc="outside lower center", ncols=5)
    words = "; ".join(
        f"{bar}: " + ", ".join(f"{name} {value:.3g}" for name, value in parts.items())
        for bar, parts in bars.items()
    )
    show(figure, f"{title}, in {unit}. {words}")


def _look(colour, hatch):
    """A pale face under dark text, and a hatch, so that nothing is told by colour alone."""
    return {"facecolor": to_rgba(colour, 0.3), "edgecolor": colour, "hatch": hatch}
