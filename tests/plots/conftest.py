"""What the functions would display is collected, and no figure is left behind."""

import matplotlib
import pytest
import torch
from matplotlib import pyplot as plt

from tests.plots.seen import Shown
from utils.plots import style

matplotlib.use("agg")


@pytest.fixture
def shown(monkeypatch):
    collected = Shown()
    monkeypatch.setattr(style, "display", collected.display)
    return collected


@pytest.fixture(autouse=True)
def seed_and_no_figure_left():
    torch.manual_seed(0)
    yield
    assert not plt.get_fignums()
