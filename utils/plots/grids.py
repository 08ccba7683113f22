"""Images in grids, and class counts as bars."""

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.pictures import as_array, as_pictures
from utils.plots.style import BLUE, RED, WIDTH, show


def plot_grid(
    images, labels=None, predictions=None, classes=None, columns=None, title=None, captions=None
):
    """Show images in a grid, named by label, with wrong predictions crossed and framed.

    `images`: (N, H, W), (N, C, H, W) or (N, H, W, 3), or a list of single images, or one image,
    (H, W), (H, W, 1 or 3) or PIL's of any mode; uint8, or float in 0..1 (shown as they are) or
    beyond (stretched so that the smallest value of all but bytes is black, the largest white).
    A picture as light as the page has a thin frame.
    `labels`, `predictions`: N integers; `classes`: their names. `captions`: N texts instead.

    Raises TypeError or ValueError, saying what was expected, for anything else.
    """
    pictures = as_pictures(images, max(map(_length, (labels, predictions, captions))))
    count = len(pictures)
    labels = _as_integers(labels, "labels", count, classes)
    predictions = _as_integers(predictions, "predictions", count, classes)
    if captions is not None and (labels is not None or len(captions) != count):
        raise ValueError(f"captions must be {count} texts, one an image, and come without labels")
    named = any(given is not None for given in (labels, predictions, captions))
    columns = _checked_columns(columns, count, named)
    rows = -(-count // columns)
    height = rows * (WIDTH / columns + 0.35 * named) + 0.3 * bool(title)
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, round(height, 2)), squeeze=False)
    texts = []
    for index, axis in enumerate(axes.flat):
        axis.axis("off")
        if index < count:
            axis.imshow(pictures[index], vmin=0, vmax=1)
            if np.min(pictures[index][0]) > 0.97:  # its first row is as light as the page
                axis.set(xticks=[], yticks=[])
                axis.axis("on")
                axis.spines[:].set_visible(True)
            own = captions[index] if captions else None
            texts.append(_caption(axis, index, own, labels, predictions, classes))
    figure.suptitle(title) if title else None
    show(figure, f"{title or 'Grid'} of {count} image{'s' * (count > 1)}: {', '.join(texts)}")


def _length(values):
    """Return 0 for what has no length: it is refused where it is read."""
    try:
        return len(values)
    except TypeError:
        return 0


def _as_integers(values, name, count, classes):
    if values is None:
        return None
    array = as_array(values, name)
    if array.shape != (count,) or array.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must be {count} integers, one an image; "
            f"got {array.dtype} of shape {array.shape}"
        )
    if classes is not None and not (array.min() >= 0 and array.max() < len(classes)):
        wrong = array[(array < 0) | (array >= len(classes))][0]
        raise ValueError(
            f"{name} holds {wrong}; with {len(classes)} classes expected 0 to {len(classes) - 1}"
        )
    return array


def _checked_columns(columns, count, named):
    if columns is None:
        return min(max(count, 4), 6 if named else 10)
    if isinstance(columns, bool) or not isinstance(columns, int) or columns < 1:
        raise ValueError(f"columns must be a positive integer or None, got {columns!r}")
    return columns


def _caption(axis, index, caption, labels, predictions, classes):
    """Write what is known of an image above it, and return that in words."""

    def name(label):
        return str(classes[label]) if classes is not None else str(label)

    label = labels[index] if labels is not None else None
    prediction = predictions[index] if predictions is not None else label
    if labels is None or prediction == label:
        text = caption or (name(prediction) if prediction is not None else "")
        axis.set_title(text, fontsize=10)
        return text or f"image {index}"
    wrong = f"✗ {name(prediction)}\nis {name(label)}"
    axis.set_title(wrong, fontsize=10, color=RED, fontweight="bold")
    frame = {"transform": axis.transAxes, "fill": False, "clip_on": False}
    frame |= {"edgecolor": RED, "linewidth": 4, "linestyle": "--"}
    axis.add_patch(plt.Rectangle((0, 0), 1, 1, **frame))
    return f"{name(label)} taken for {name(prediction)}"


def plot_class_counts(labels, classes=None, title="Images per class"):
    """Show how often each label occurs as bars; `labels`: N integers, `classes`: their names.

    {name: labels} is shown as panels beside one another, with one scale for all.
    """
    given = labels if isinstance(labels, dict) else {title: labels}
    panels = {name: _counts(array, classes) for name, array in given.items()}
    most = max(map(len, panels.values()), default=0)
    names = [str(name) for name in (classes if classes is not None else range(most))]
    size = (WIDTH, 0.35 * most + 0.8)
    figure, axes = plt.subplots(1, len(panels), figsize=size, squeeze=False, sharex=True)
    for axis, (name, counts) in zip(axes[0], panels.items(), strict=True):
        bars = axis.barh(names[: len(counts)], counts, color=BLUE)
        axis.bar_label(bars, fmt="{:,.0f}", padding=4)
        axis.set(title=name, xlabel="images")
        axis.margins(x=0.05 + 0.08 * len(panels))
        axis.invert_yaxis()
        if axis is not axes[0, 0]:
            axis.set_yticklabels([])
    words = [
        ", ".join(f"{name} {count:,}" for name, count in zip(names, counts, strict=False))
        for counts in panels.values()
    ]
    show(figure, "; ".join(f"{name}: {pairs}" for name, pairs in zip(panels, words, strict=True)))


def _counts(labels, classes):
    array = as_array(labels, "labels")
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"labels must be at least one integer in a row, got shape {array.shape}")
    array = _as_integers(array, "labels", len(array), classes)
    if array.min() < 0:
        raise ValueError(f"labels are counted from 0, got {array.min()}")
    return np.bincount(array, minlength=len(classes) if classes is not None else 0)
