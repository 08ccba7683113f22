"""Curves: what was recorded, epoch by epoch or step by step."""

from collections import defaultdict
from itertools import chain, product
from statistics import fmean

import matplotlib.pyplot as plt

from utils.plots.style import WIDTH, show

# What a record calls its parts, how their keys begin, and the look of their lines
PARTS = ("", "", "C{}-"), ("training", "train_", "C{}-"), ("validation", "validation_", "C{}--")


def plot_lines(curves, title, xlabel, ylabel, log="", joined=True):
    """Show {name: numbers} or {name: (xs, numbers)} as lines; without xs they count from 1.

    `log`: "x", "y" or "xy" for logarithmic axes. NaN and infinity leave a gap. `joined` False
    leaves out the lines between the points. Raises ValueError for no numbers, and for xs that are
    not as many.
    """
    pairs = {n: c if isinstance(c, tuple) else (range(1, len(c) + 1), c) for n, c in curves.items()}
    runs = {n: [{xlabel: x, ylabel: y} for x, y in zip(*p, strict=True)] for n, p in pairs.items()}
    plot_history(runs, [ylabel], title, xlabel, log, joined)


def plot_history(
    histories, what=("loss", "accuracy"), title="Training", x="epoch", log="", joined=True
):
    """Show what `utils.training.fit` recorded, or other records: a panel for each of `what`.

    `histories`: a history, which is a list of dicts, one an epoch; or {name: history}; or {name:
    list of histories}, drawn as their mean in a band from the lowest to the highest. `what`:
    keys of the records; "loss" and "accuracy" stand for two lines each, training (solid, full
    markers) and validation (dashed, hollow). None is left out, NaN and infinity leave a gap.
    `x`: the key of numbers they are drawn against; `log`: "x", "y" or "xy" for logarithmic axes;
    `joined`: whether lines run from point to point.

    Raises ValueError for a key that no record has.
    """
    runs = histories if isinstance(histories, dict) else {"": histories}
    curves = defaultdict(lambda: defaultdict(list))
    for name, given in runs.items():
        for record in chain(*given) if isinstance(next(iter(given), 0), list) else given:
            for key in (key for key in record if record[key] is not None):
                curves[key, name][record.get(x)].append(record[key])
    there = dict(curves.keys())
    for key in (x, *what):
        if key not in there and f"train_{key}" not in there:
            raise ValueError(f"no record has {key!r}: there is {', '.join(there) or 'no record'}")
    figure, axes = plt.subplots(1, len(what), figsize=(WIDTH, 3.6 + len(runs) / 4), squeeze=False)
    keys, ends = {}, []
    for axis, key in zip(axes[0], what, strict=True):
        unit = "cross-entropy" if key == "loss" and "train_loss" in there else key.replace("_", " ")
        for (run, name), (part, start, look) in product(enumerate(runs), PARTS):
            if seen := curves.get((start + key, name)):
                low, mean, high, n = ([f(v) for v in seen.values()] for f in (min, fmean, max, len))
                label = " ".join(filter(None, (name, part, f"({max(n)} runs)" * (max(n) > 1))))
                look = look if joined else look.rstrip("-")
                [line] = axis.plot([*seen], mean, look.format(run) + "osD^vPX"[run % 7])
                line.set(markevery=1 + len(mean) // 20, mfc="white" if start[:1] == "v" else None)
                axis.fill_between([*seen], low, high, color=f"C{run}", alpha=0.2 * joined)
                keys[label if name or part else f"{unit} {label}".rstrip()] = line
                ends.append(f"{label}: {unit} from {mean[0]:.4g} to {mean[-1]:.4g}".lstrip(": "))
        axis.locator_params("x", integer=x == "epoch", min_n_ticks=1)
        axis.set(xlabel=x.replace("_", " "), ylabel=unit, **{f"{side}scale": "log" for side in log})
        places = sorted({*chain(*(line.get_xdata() for line in axis.lines))})
        if "x" in log and len(places) < 7:  # so few are named themselves
            axis.set_xticks(places, [f"{place:g}" for place in places])
            axis.minorticks_off()
    columns = 100 // (9 + max(map(len, keys))) or 1  # what fits beside each other
    figure.legend(keys.values(), keys, loc="outside lower center", ncols=columns)
    figure.suptitle(title)
    show(figure, f"{title}: {'; '.join(ends)}")
