"""What a figure shows, looked at by the tests of all figures."""

from itertools import combinations

import numpy as np

from utils import plots


class Shown:
    """Collects what would be displayed: figures, and the metadata beside them."""

    def __init__(self):
        self.figures, self.metadata = [], []

    def display(self, figure, metadata):
        self.figures.append(figure)
        self.metadata.append(metadata)

    @property
    def alt(self):
        return self.metadata[-1]["image/png"]["alt"]

    @property
    def axes(self):
        return self.figures[-1].axes

    @property
    def pixels(self):
        """What the figure's images hold, one array an image."""
        return [np.asarray(axis.images[0].get_array()) for axis in self.axes if axis.images]


def texts(shown):
    return [text.get_text() for axis in shown.axes for text in axis.texts]


def assert_legible(shown):
    """No text over another, none cut off, none small; a figure of a notebook's width."""
    [figure] = shown.figures
    assert figure.get_figwidth() == plots.WIDTH
    assert figure.get_figheight() <= 15
    boxes = []
    for text in (text for axis in figure.axes for text in axis.texts if text.get_text()):
        assert text.get_fontsize() >= 9
        boxes.append((text.get_text(), text.get_window_extent()))
    for (one, box), (other, beside) in combinations(boxes, 2):
        assert not box.overlaps(beside), (one, other)
    for text, box in boxes:
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.width
        assert inside and box.y1 <= figure.bbox.height, text
