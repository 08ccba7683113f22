"""The tree of a model: what is registered stands in it, where it belongs, and nothing else."""

import pytest
import torch
from torch import nn

from tests.plots.seen import assert_legible, texts
from utils.models import FashionNet
from utils.plots import plot_tree

KINDS = ["module", "parameter", "buffer"]  # the legend


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(2, 1))
        self.inner = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
        self.gain = nn.Parameter(torch.tensor(1.0))
        self.std = torch.ones(7)


def test_what_is_registered_stands_in_the_tree(shown):
    plot_tree(Outer())
    assert_legible(shown)
    boxes = [
        "Outer",
        "gain",
        "mean  2×1",
        "inner  Sequential",
        "0  Linear",
        "weight  2×3",
        "bias  2",
    ]
    assert texts(shown) == [*KINDS, *boxes, "1  ReLU"]
    assert "level 1: buffer mean 2×1; level 1: module inner Sequential; level 2: mod" in shown.alt


def test_levels_run_to_the_right_and_a_module_is_amid_what_it_holds(shown):
    plot_tree(FashionNet())
    assert_legible(shown)
    root, layer, weight, bias = shown.axes[0].texts[len(KINDS) : len(KINDS) + 4]
    assert [text.get_text() for text in (layer, bias)] == ["conv1  Conv2d", "bias  6"]
    places = [text.get_position() for text in (root, layer, weight, bias)]
    assert places[0][0] < places[1][0] < places[2][0] == places[3][0]
    assert places[1][1] == (places[2][1] + places[3][1]) / 2
    assert len(shown.axes[0].lines) == 5 + 10


def test_each_kind_has_a_look_of_its_own(shown):
    plot_tree(Outer())
    looks = {
        (text.get_bbox_patch().get_edgecolor(), text.get_bbox_patch().get_linestyle())
        for text in shown.axes[0].texts
    }
    assert len(looks) == 3


@pytest.mark.parametrize(
    "model", [nn.Sequential(*(nn.Linear(2, 2) for _ in range(23))), nn.Linear(2, 2)]
)
def test_what_does_not_fit_is_refused(model, shown):
    for _ in range(9 * isinstance(model, nn.Linear)):
        model = nn.Sequential(model)
    with pytest.raises(ValueError, match=r"rows and \d+ levels do not fit: pass a part"):
        plot_tree(model)
    assert not shown.figures
