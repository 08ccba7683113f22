"""Pictures of networks: to scale, complete, legible; and the network is as before."""

import re
import warnings
from itertools import combinations

import matplotlib
import numpy as np
import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional

from tests.plots.seen import assert_legible, texts
from utils import plots
from utils.models import CifarNet, FashionNet, LeNet5
from utils.plots import blocks
from utils.plots.filters import TIMES

matplotlib.use("agg")


class Reused(nn.Module):
    def __init__(self):
        super().__init__()
        self.same = nn.Conv2d(4, 4, 3, padding=1)
        self.fc = nn.Linear(4 * 64, 1)

    def forward(self, x):
        return self.fc(self.same(self.same(x).relu()).tanh().flatten(1))


class Functions(nn.Module):
    """No layer at all, but parameters of its own."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(5, 2, 3, 3))
        self.parts = nn.ModuleDict({"unused": nn.Linear(2, 3)})

    def forward(self, x):
        return functional.max_pool2d(functional.conv2d(x, self.weight).relu(), 2).flatten(1)


class Breaks(FashionNet):
    def forward(self, x):
        self.conv2(self.conv1(x))
        raise LookupError("halfway")


def mlp():
    return nn.Sequential(nn.Linear(40, 30), nn.ReLU(), nn.Dropout(), nn.Linear(30, 1))


def sequence():
    return nn.Sequential(
        nn.Conv1d(2, 16, 5), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(4), nn.Flatten(),
        nn.Linear(400, 3),
    )  # fmt: skip


MODELS = {
    "FashionNet": (FashionNet, (1, 1, 28, 28)),
    "LeNet5": (LeNet5, (1, 1, 32, 32)),
    "CifarNet": (CifarNet, (1, 3, 32, 32)),
    "resnet18": (torchvision.models.resnet18, (1, 3, 224, 224)),
    "vgg11": (torchvision.models.vgg11, (1, 3, 224, 224)),
    "vectors": (mlp, (2, 40)),
    "sequences": (sequence, (1, 2, 104)),
    "reused": (Reused, (1, 4, 8, 8)),
    "functions": (Functions, (1, 2, 8, 8)),
}


# --- plot_model


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_legible_and_its_parameters_add_up(name, shown):
    build, shape = MODELS[name]
    with torch.device("meta"):  # sizes without numbers: large networks in no time
        model, x = build().train(), torch.zeros(shape)
    plots.plot_model(model, x)
    assert_legible(shown)
    total = sum(parameter.numel() for parameter in model.parameters())
    assert f"{total:,} parameters in all" in texts(shown)
    assert f"{total:,} parameters in all" in shown.alt
    listed = [re.search(r"([\d,]+) parameters?($| of all)", text) for text in texts(shown)]
    assert sum(int(number[1].replace(",", "")) for number in listed if number) == total
    outside = [text for text in texts(shown) if "belong to no layer" in text]
    unused = [text for text in texts(shown) if "not used in this pass" in text]
    assert bool(outside) == bool(unused) == (name == "functions")


def test_every_block_is_named_with_its_shape_and_parameters(shown):
    plots.plot_model(FashionNet(), torch.zeros(7, 1, 28, 28))
    found = texts(shown)
    for text in (
        "FashionNet", "input", "1 × 28 × 28", "conv1 + relu", "Conv2d", "6 × 24 × 24",
        "156 parameters", "max_pool2d", "6 × 12 × 12", "conv2 + relu", "12 × 8 × 8",
        "1,812 parameters", "12 × 4 × 4", "flatten", "192", "fc1 + relu", "Linear", "120",
        "23,160 parameters", "fc2 + relu", "60", "7,260 parameters", "out", "10", "610 parameters",
    ):  # fmt: skip
        assert text in found, text
    chain = "input 1x28x28 → conv1 + relu 6x24x24 → max_pool2d 6x12x12 → conv2 + relu 12x8x8"
    assert chain.replace("x2", f"{TIMES}2").replace("x1", f"{TIMES}1").replace(
        "x8", f"{TIMES}8"
    ) in (shown.alt)


def sizes(shown):
    """What is drawn: each block's name, and its width, height and depth in dots."""
    blocks = {}
    for patch in shown.axes[0].patches:
        if patch.get_gid():
            blocks.setdefault(patch.get_gid(), []).append(patch)
    found = {}
    for name, (front, *rest) in blocks.items():
        depth = np.ptp(rest[0].get_xy()[:, 1]) if rest else 0
        found[name] = front.get_width(), front.get_height(), depth
    return found


def test_blocks_are_to_scale(shown):
    plots.plot_model(FashionNet(), torch.zeros(1, 1, 28, 28))
    drawn = sizes(shown)
    pixel = drawn["input"][0] / 28
    channel = drawn["conv2 + relu"][2] / 12
    shapes = {"input": (1, 28, 28), "conv1 + relu": (6, 24, 24), "conv2 + relu": (12, 8, 8)}
    for name, (channels, height, width) in shapes.items():
        expected = width * pixel, height * pixel, channels * channel
        np.testing.assert_allclose(drawn[name], expected)
    number = drawn["flatten"][0] / 192
    for name, length in {"fc1 + relu": 120, "fc2 + relu": 60, "out": 10}.items():
        assert drawn[name][0] == pytest.approx(length * number)
    bars = {line.get_gid(): line.get_xdata() for line in shown.axes[0].lines if line.get_gid()}
    assert np.ptp(bars["pixels"]) == pytest.approx(10 * pixel)
    assert np.ptp(bars["channels"]) == pytest.approx(5 * channel)
    assert np.ptp(bars["numbers"]) == pytest.approx(50 * number)
    assert {"10 pixels", "5 channels", "50 numbers"} <= set(texts(shown))
    assert not any("To be seen" in text for text in texts(shown))


def test_height_and_width_are_not_mixed_up(shown):
    plots.plot_model(nn.Sequential(nn.Conv2d(1, 2, 1)), torch.zeros(1, 1, 20, 50))
    width, height, _ = sizes(shown)["0"]
    assert width / height == pytest.approx(50 / 20)


def test_what_is_too_small_is_drawn_larger_and_that_is_said(shown):
    model = nn.Sequential(nn.Conv2d(2, 400, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    plots.plot_model(model, torch.zeros(1, 2, 200, 200))
    drawn = sizes(shown)
    assert min(drawn["1"]) == min(drawn["input"]) == 3
    [note] = [text for text in texts(shown) if text.startswith("To be seen")]
    assert note == "To be seen, fewer than 6 pixels or 20 channels are drawn as that many."


def test_blocks_do_not_overlap_and_run_like_lines_of_text(shown):
    layers = [nn.Conv2d(3, 8, 3, padding=1), *(nn.Conv2d(8, 8, 3, padding=1) for _ in range(23))]
    plots.plot_model(nn.Sequential(*layers), torch.zeros(1, 3, 20, 20))
    fronts = [p for p in shown.axes[0].patches if p.get_gid() and hasattr(p, "get_width")]
    boxes = [patch.get_window_extent() for patch in fronts]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert len(fronts) == 25
    middles = [(round(-box.y0 / 200), box.x0) for box in boxes]
    assert middles == sorted(middles)
    arrows = [text for text in shown.axes[0].texts if getattr(text, "arrow_patch", None)]
    assert len(arrows) == 24 + 4  # between blocks, and twice where a line breaks


def test_normalisation_counts_where_it_is_merged(shown):
    plots.plot_model(sequence().train(), torch.randn(3, 2, 104))
    found = texts(shown)
    assert {"0 + 1 + 2", "208 parameters"} <= set(found)
    assert "Conv1d + BatchNorm1d + ReLU" in " ".join(found)
    assert "(32 in BatchNorm1d)" in found
    assert any(text.endswith(" positions") for text in found)


def test_a_layer_used_again_is_drawn_again_and_counted_once(shown):
    plots.plot_model(Reused(), torch.zeros(1, 4, 8, 8))
    found = texts(shown)
    assert {"same + relu", "same + tanh", "148 parameters", "parameters as before"} <= set(found)
    assert found.count("148 parameters") == 1


def test_a_title_with_signs(shown):
    plots.plot_model(mlp(), torch.zeros(2, 40), title="Two $x_1$")
    assert "Two $x_1$" in texts(shown)
    assert shown.alt.startswith("Two $x_1$: input 40")


class Chain(nn.ModuleDict):
    def forward(self, x):
        [layer] = self.values()
        return layer(x)


class Fork(Chain):
    def forward(self, x):
        return super().forward(x) + super().forward(2 * x)


@pytest.mark.parametrize("draw", [plots.plot_model, plots.plot_feature_maps])
@pytest.mark.parametrize("kind", [Chain, Fork])
@pytest.mark.parametrize("key", ["$\\frac$", "_$a_$", "$x$", r"\$", "a\tb", " a"])
def test_names_are_drawn_as_they_are(key, kind, draw, shown):
    """No formulas are made of them, and no box of a tab."""
    image = torch.ones(1, 1, 1, 2)
    draw(kind({key: nn.Linear(2, 2)}), image, title=f"Of {key}")
    assert_legible(shown)
    drawn, found = key.replace("\t", " "), texts(shown)
    found.remove(f"Of {drawn}")
    assert any(drawn.strip(" _") in text for text in found)
    written = [text for text in shown.axes[0].texts if text.get_text()]
    assert not any(text.get_parse_math() for text in written)


def test_the_room_of_a_name_is_that_of_its_letters():
    assert blocks.length("$x$") > blocks.length("x$") > blocks.length("x")
    assert blocks.length("a\tb") == blocks.length("a b")
    assert blocks.length("") == blocks.length(" ") == 0


def test_the_scale_of_few_channels_runs_through_no_text(shown):
    """Of one or two channels the scale is as long as it can be."""
    plots.plot_model(nn.Conv2d(1, 2, 3), torch.zeros(1, 1, 8, 8))
    [scale] = [line for line in shown.axes[0].lines if line.get_gid() == "channels"]
    box = scale.get_window_extent()
    assert box.height > 25
    for text in shown.axes[0].texts:
        assert not box.overlaps(text.get_window_extent()), text.get_text()


def test_names_that_are_too_long_are_shortened(shown):
    inner = nn.Sequential()
    inner.add_module(
        "a_name_of_a_layer_that_is_far_too_long_for_the_room_there_is", nn.Linear(2, 2)
    )
    plots.plot_model(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2), inner), TWO)
    assert_legible(shown)
    assert any(text.startswith("…") and text.endswith("there_is") for text in texts(shown))


TWO = torch.zeros(1, 2)


def test_it_can_be_saved_twice_without_a_warning(shown, tmp_path):
    plots.plot_model(mlp(), torch.zeros(1, 40))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            shown.figures[0].savefig(tmp_path / "model.png", bbox_inches="tight")


REFUSED_MODELS = {
    "three dimensions": (nn.Conv3d(1, 1, 1), (1, 1, 2, 2, 2), r"\(1, 1, 2, 2, 2\).*trace\(model"),
    "too long": (
        nn.Sequential(*(nn.Linear(2, 2) for _ in range(100))),
        (1, 2),
        "101 blocks .* 100",
    ),
}


@pytest.mark.parametrize("case", REFUSED_MODELS)
def test_what_cannot_be_drawn_is_refused(case, shown):
    model, shape, message = REFUSED_MODELS[case]
    with pytest.raises(ValueError, match=message):
        plots.plot_model(model, torch.zeros(shape))
    assert not shown.figures


# --- the network is left alone


def state(model):
    return (
        [module.training for module in model.modules()],
        {name: value.clone() for name, value in model.state_dict().items()},
        [parameter.grad for parameter in model.parameters()],
        [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()],
        torch.get_rng_state(),
        torch.is_grad_enabled(),
    )


def assert_same(before, after):
    for one, other in zip(before, after, strict=True):
        if isinstance(one, dict):
            assert all(torch.equal(value, other[name]) for name, value in one.items())
        else:
            assert torch.equal(one, other) if torch.is_tensor(one) else one == other


class Noisy(nn.Sequential):
    def forward(self, x):
        self[1].num_batches_tracked += 1
        return super().forward(functional.dropout(x) + torch.rand(()))


def noisy():
    model = Noisy(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.ReLU(inplace=True)
    ).train()
    model[1].eval()
    return model


@pytest.mark.parametrize("draw", [plots.plot_model, plots.plot_feature_maps])
@pytest.mark.parametrize("build", [FashionNet, noisy, Breaks])
def test_the_model_and_the_random_state_are_as_before(draw, build, shown):
    model, image = build(), torch.rand(1, 1, 28, 28, requires_grad=True)
    before = state(model)
    if build is Breaks:
        with pytest.raises(LookupError, match=r"^'?halfway'?$"):
            draw(model, image)
    else:
        draw(model, image)
    assert_same(before, state(model))
    assert image.grad is None
    assert len(shown.figures) == (build is not Breaks)


def test_what_the_model_says_of_a_wrong_shape_passes_through(shown):
    for draw in (plots.plot_model, plots.plot_feature_maps):
        with pytest.raises(ValueError, match="FashionNet takes images of shape"):
            draw(FashionNet(), torch.zeros(1, 3, 28, 28))
    assert not shown.figures
