"""Workers that train together: whose the pictures are, and what travels between them."""

import matplotlib.pyplot as plt

from utils.plots import cells
from utils.plots.blocks import canvas, length, write
from utils.plots.cells import DONE, NOW
from utils.plots.style import BLUE, GREEN, GREY, ORANGE, RED, WIDTH, show

OWNERS = [(BLUE, ""), (ORANGE, "//"), (GREEN, ".."), (RED, "xx")]
MOST_PICTURES, MOST_WORKERS = 24, 4


def plot_shares(rows, title, count):
    """Show {row: shares}, of each worker a list of picture numbers: who learns from which picture.

    A cell for each of `count` pictures bears the ranks of its workers, a dash where nobody has it.
    Raises ValueError for over 24 pictures or 4 workers, and for pictures that are not there.
    """
    most = max(len(shares) for shares in rows.values())
    given = [picture for shares in rows.values() for share in shares for picture in share]
    if not 0 < count <= MOST_PICTURES or most > MOST_WORKERS or not set(given) <= set(range(count)):
        what = f"{count} pictures, {most} workers, numbers up to {max(given)}: at most"
        raise ValueError(f"{what} {MOST_PICTURES} and {MOST_WORKERS}, numbers from 0 on")
    left = 40 + max(map(length, rows))
    side = min(60, (100 * WIDTH - left - 20) / count)
    axis = canvas(72 + len(rows) * (side + 12) + 34)
    write(axis, 50 * WIDTH, 8, title, ha="center", fontsize=12)
    for picture in range(count):
        write(axis, left + side * (picture + 0.5), 42, str(picture), ha="center", color=GREY)
    write(axis, left - 10, 42, "picture", ha="right", color=GREY)
    said = []
    for row, (name, shares) in enumerate(rows.items()):
        y = 64 + row * (side + 12)
        write(axis, left - 10, y + side / 2, name, ha="right", va="center")
        owners = [[r for r, share in enumerate(shares) for p in share if p == picture]
                  for picture in range(count)]  # fmt: skip
        for picture, own in enumerate(owners):
            _cell(axis, left + side * picture, y, side, own)
        said.append(f"{name}: " + " ".join("+".join(map(str, own)) or "none" for own in owners))
    legend = "Number and pattern: the rank of the worker that has the picture.  \N{EN DASH}: nobody"
    write(axis, 50 * WIDTH, 72 + len(rows) * (side + 12), legend, ha="center")
    show(axis.figure, f"{title}. Ranks by picture. {'; '.join(said)}")


def _cell(axis, x, y, side, own):
    axis.add_patch(_box(x, y, side, side, "white", GREY, ""))
    for place, rank in enumerate(own):
        colour, hatch = OWNERS[rank]
        wide = side / len(own)
        axis.add_patch(_box(x + place * wide, y, wide, side, (colour, 0.3), colour, hatch))
    words = "+".join(map(str, own)) or "\N{EN DASH}"
    look = {"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none"} if own else None
    write(axis, x + side / 2, y + side / 2, words, ha="center", va="center", bbox=look)


def _box(x, y, width, height, face, edge, hatch):
    return plt.Rectangle((x, y), width, height, facecolor=face, edgecolor=edge, hatch=hatch, lw=1)


def plot_collectives(results):
    """Show {collective: (before, after)}, what each worker held, a list of numbers, or None.

    A cell for each number; what is new in its place is marked, and after the collective None is
    what nobody promises. Raises ValueError where there are not as many workers after as before.
    """
    for name, (before, after) in results.items():
        if len(before) != len(after):
            raise ValueError(f"{name}: {len(before)} workers before, {len(after)} after")
    axis = canvas(30 + sum(34 + 36 * len(before) for before, _ in results.values()))
    y, said = 12, []
    for x, words in ((170, "before"), (560, "after (hatched: new in this place)")):
        write(axis, x, y, words, color=GREY)
    for name, (before, after) in results.items():
        y += 34
        write(axis, 12, y + 18 * len(before), name, va="center", weight="bold")
        for rank, (had, has) in enumerate(zip(before, after, strict=True)):
            middle = y + 18
            for x, numbers in ((170, had), (560, has)):
                write(axis, x, middle, f"worker {rank}", va="center")
                if x == 560 and numbers is None:
                    write(axis, x + 80, middle, "not defined", va="center", color=GREY)
                for place, number in enumerate(numbers or []):
                    new = x == 560 and (had or [])[place : place + 1] != [number]
                    look = ((ORANGE, 0.2), ORANGE, "//") if new else ((BLUE, 0.15), BLUE, "")
                    left = x + 80 + 52 * place
                    axis.add_patch(_box(left, middle - 16, 48, 32, *look))
                    plain = {"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none"}
                    write(axis, left + 24, middle, str(number), ha="center", va="center",
                          bbox=plain if new else None)  # fmt: skip
            y += 36
            what = "not defined" if has is None else has or "nothing"
            said.append(f"{name}, worker {rank}: {had or 'nothing'} becomes {what}")
        axis.annotate("", (540, y - 18 * len(before)), (440, y - 18 * len(before)),
                      arrowprops={"arrowstyle": "-|>", "facecolor": "black"})  # fmt: skip
    show(axis.figure, f"Collectives of {len(before)} workers. {'; '.join(said)}")


def animate_ring(states, title="Ring all-reduce"):
    """Show how the pieces of n workers go round: a column of n numbers each, step by step.

    `states`: what the workers hold, n rows of n numbers, at first and after each step; what has
    changed was received from the left. Raises ValueError for more than 6 workers.
    """
    n = len(states[0])
    if n > 6:
        raise ValueError(f"{n} workers are too many to see, at most 6")
    frames = [_ring(states, step, title) for step in range(len(states))]
    sums = ", ".join(map(str, states[-1][0]))
    alt = (f"{title}, an animation: {n} workers in a row hand a piece each to the right, the last "
           f"one to the first. After {len(states) - 1} steps each of them has {sums}.")  # fmt: skip
    cells.show_bytes(cells.as_gif(frames, 1600, 4000), alt, "animation")


def _ring(states, step, title):
    now, before, n = states[step], states[max(0, step - 1)], len(states[0])
    side, gap = 52, 90
    image, pen = cells.canvas(2 * gap + n * side + (n - 1) * gap, 112 + n * side + 44)
    added = any(now[r][p] != states[-1][r][p] for r in range(n) for p in range(n)
                if now[r][p] != before[r][p])  # fmt: skip
    what = "the pieces are added" if added or step == n - 1 else "the sums are handed on"
    words = f"step {step} of {len(states) - 1}: {what}" if step else "before: each has its own"
    cells.write(pen, (gap, 12), f"{title}, {words}", 18, bold=True)
    for rank in range(n):
        left = gap + rank * (side + gap)
        cells.write(pen, (left + side / 2, 62), f"worker {rank}", 15, "mm")
        for piece in range(n):
            box = cells.box_of((left, 80), side, piece, 0)
            new = now[rank][piece] != before[rank][piece]
            done = now[rank][piece] == states[-1][rank][piece]
            fill = DONE if done else NOW if new else "white"
            cells.draw_cell(pen, box, fill)
            cells.write_number(pen, box, str(now[rank][piece]), fill)
            if new:
                cells.frame(pen, (left, 80), side, [(piece, 0)])
                y = 80 + side * piece + side // 2
                cells.arrow(pen, (left - gap + 8, y), (left - 6, y))
    cells.draw_legend(pen, (gap, 100 + n * side), {"received": (NOW, False, False),
                                                  "whole sum": (DONE, False, False)})  # fmt: skip
    return image
