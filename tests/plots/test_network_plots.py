"""Pictures of networks: to scale, complete, legible; and the network is as before."""

import warnings
from itertools import combinations

import matplotlib
import numpy as np
import pytest
import torch
import torchvision
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional

from tests.plots.test_plots import Shown
from utils import plots
from utils.models import CifarNet, FashionNet, LeNet5
from utils.plots import style
from utils.plots.filters import MINUS, TIMES

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
    listed = [text for text in texts(shown) if text.endswith((" parameters", " parameter"))]
    outside = [text for text in texts(shown) if "belong to no layer" in text]
    numbers = [int(text.split()[0].replace(",", "")) for text in listed + outside]
    assert sum(numbers) == total
    assert bool(outside) == (name == "functions")


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
    with torch.device("meta"):
        plots.plot_model(torchvision.models.resnet18(), torch.zeros(1, 3, 224, 224))
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


def test_branches_are_pointed_out(shown):
    with torch.device("meta"):
        plots.plot_model(torchvision.models.resnet18(), torch.zeros(1, 3, 64, 64))
    assert any("“add”" in text and "earlier block" in text for text in texts(shown))


def test_several_inputs_and_a_title(shown):
    plots.plot_model(
        nn.Bilinear(3, 4, 5), (torch.zeros(2, 3), torch.zeros(2, 4)), title="Two $x_1$"
    )
    assert {"input 0", "input 1", "Two $x_1$", "65 parameters"} <= set(texts(shown))
    assert shown.alt.startswith("Two $x_1$: input 0 3")


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


# --- plot_filters


def pictures(shown):
    return {
        image.get_gid(): np.asarray(image.get_array())
        for image in shown.axes[0].images
        if image.get_gid() != "scale"
    }


@pytest.mark.parametrize(
    "shape", [(6, 1, 5, 5), (12, 6, 5, 5), (3, 2, 3, 5), (1, 9, 1, 1), (1, 5, 5, 5)]
)
def test_filters_are_their_weights_on_one_scale_around_0(shape, shown):
    weight = nn.Parameter(torch.randn(shape))
    plots.plot_filters(weight)
    assert_legible(shown)
    drawn, array = pictures(shown), weight.detach().numpy()
    assert len(drawn) == shape[0] * shape[1]
    for row, column in np.ndindex(shape[:2]):
        name = f"out {row}" if shape[1] == 1 else f"out {row}, in {column}"
        np.testing.assert_allclose(drawn[name], array[row, column])
    peak = np.abs(array).max()
    for image in shown.axes[0].images:
        np.testing.assert_allclose(image.get_clim(), (-peak, peak))
        np.testing.assert_allclose(image.cmap(image.norm(0.0))[:3], 1, atol=0.01)
    assert f"{peak:.3g}" in texts(shown) and f"{MINUS}{peak:.3g}" in texts(shown)


def test_rows_are_output_channels_and_columns_input_channels(shown):
    plots.plot_filters(torch.randn(4, 3, 5, 5))
    boxes = {i.get_gid(): i.get_window_extent() for i in shown.axes[0].images}
    assert boxes["out 2, in 0"].y0 == pytest.approx(boxes["out 2, in 2"].y0)
    assert boxes["out 0, in 1"].x0 == pytest.approx(boxes["out 3, in 1"].x0)
    assert boxes["out 0, in 1"].x0 < boxes["out 0, in 2"].x0
    assert boxes["out 0, in 1"].y0 > boxes["out 1, in 1"].y0


def test_few_small_filters_bear_their_numbers(shown):
    weight = torch.tensor([[-1.25, 0.004], [-0.004, 0.5]]).reshape(1, 1, 2, 2)
    plots.plot_filters(weight, title="One")
    assert {f"{MINUS}1.25", "0.00", "0.50", "One"} <= set(texts(shown))
    assert texts(shown).count("0.00") == 2
    plots.plot_filters(torch.randn(10, 1, 5, 5))
    assert not any(text.count(".") and len(text) < 6 for text in texts(shown)[2:-3])


def test_filters_in_colours_are_grey_where_they_are_0(shown):
    weight = torch.zeros(2, 3, 2, 2)
    weight[0, 0, 0, 1], weight[1, 2, 1, 0] = 4, -2
    plots.plot_filters(weight, as_colours=True)
    first, second = pictures(shown).values()
    assert_legible(shown)
    np.testing.assert_allclose(first[0], [[0.5, 0.5, 0.5], [1, 0.5, 0.5]])
    np.testing.assert_allclose(second[1], [[0.5, 0.5, 0.25], [0.5, 0.5, 0.5]])
    assert "grey is 0" in shown.alt


def test_filters_that_are_all_0_can_be_drawn(shown):
    plots.plot_filters(torch.zeros(2, 1, 3, 3))
    assert all((picture == 0).all() for picture in pictures(shown).values())


REFUSED_FILTERS = {
    "a layer": (nn.Conv2d(1, 1, 1), {}, TypeError, "got Conv2d: pass layer.weight"),
    "a linear layer's": (torch.zeros(3, 4), {}, ValueError, r"\(3, 4\); expected \(out, in"),
    "empty": (torch.zeros(0, 1, 3, 3), {}, ValueError, "expected"),
    "NaN": (torch.full((1, 1, 2, 2), torch.nan), {}, ValueError, "weight holds NaN"),
    "too many": (torch.zeros(64, 32, 3, 3), {}, ValueError, r"64.32 filters .* weight\[:8, :8\]"),
    "too many down": (torch.zeros(25, 2, 3, 3), {}, ValueError, "24 down"),
    "no colours": (torch.zeros(2, 1, 3, 3), {"as_colours": True}, ValueError, "has 1: leave"),
    "complex": (torch.zeros(1, 1, 1, 1, dtype=torch.cfloat), {}, TypeError, "complex"),
}


@pytest.mark.parametrize("case", REFUSED_FILTERS)
def test_what_are_no_filters_is_refused(case, shown):
    weight, options, error, message = REFUSED_FILTERS[case]
    with pytest.raises(error, match=message), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plots.plot_filters(weight, **options)
    assert not shown.figures


# --- plot_feature_maps


def by_hand(model, x):
    """FashionNet's steps."""
    steps = [("image", x)]
    for conv in ("conv1", "conv2"):
        steps.append((conv, getattr(model, conv)(steps[-1][1])))
        steps.append(("relu", steps[-1][1].relu()))
        steps.append(("max_pool2d", functional.max_pool2d(steps[-1][1], 2)))
    steps.append(("flatten", steps[-1][1].flatten(1)))
    for layer in ("fc1", "fc2"):
        steps.append((layer, getattr(model, layer)(steps[-1][1])))
        steps.append(("relu", steps[-1][1].relu()))
    return [*steps, ("out", model.out(steps[-1][1]))]


@pytest.mark.parametrize("axes", [3, 4])
def test_feature_maps_are_what_the_layers_make(axes, shown):
    model, batch = FashionNet(), torch.rand(1, 1, 28, 28)
    plots.plot_feature_maps(model, batch[0] if axes == 3 else batch)
    assert_legible(shown)
    drawn = [i for i in shown.axes[0].images if i.get_gid() != "scale"]
    with torch.no_grad():
        steps = by_hand(model, batch)
    for place, (name, output) in enumerate(steps):
        output = output[0].numpy()
        for index, channel in enumerate(output if output.ndim == 3 else [output[None]]):
            image = drawn.pop(0)
            assert image.get_gid() == (f"{name} {index}" if output.ndim == 3 else name)
            np.testing.assert_allclose(image.get_array(), channel, atol=1e-6)
            low, high = output.min(), output.max()
            expected = (-max(-low, high), max(-low, high)) if low < 0 else (0, high)
            expected = (low, high) if place == 0 else expected
            np.testing.assert_allclose(image.get_clim(), expected, rtol=1e-5)
            assert (image.cmap.name == "gray") == (low >= 0)
    assert not drawn
    names = [text for text in texts(shown) if text in dict(steps)]
    assert names == [name for name, _ in steps]
    best = int(steps[-1][1].argmax())
    assert f"{best} largest" in texts(shown)
    assert f"conv1 6{TIMES}24{TIMES}24 from " in shown.alt


def test_of_many_channels_and_numbers_the_first_are_shown(shown):
    model, image = CifarNet().layers, torch.randn(3, 32, 32)
    plots.plot_feature_maps(model, image)
    assert_legible(shown)
    drawn, found, layers = pictures(shown), texts(shown), model
    assert {"0 11", "6 11"} <= set(drawn) and "6 12" not in drawn
    assert {"first 12 of 32", "first 12 of 64", "first 512 of 1,024"} <= set(found)
    with torch.no_grad():
        np.testing.assert_allclose(drawn["6 11"], layers[:7](image[None])[0, 11], atol=1e-5)
        np.testing.assert_allclose(drawn["9"][0], layers[:10](image[None])[0, :512], atol=1e-5)


def test_what_works_in_place_does_not_change_the_rows_before(shown):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True))
    plots.plot_feature_maps(model, torch.randn(1, 6, 6))
    drawn = pictures(shown)
    assert min(drawn["0 0"].min(), drawn["0 1"].min()) < 0 <= drawn["1 0"].min()


def test_functions_alone_and_layers_used_again(shown):
    plots.plot_feature_maps(Functions(), torch.rand(2, 8, 8))
    assert {"conv2d 4", "relu 0", "max_pool2d 0", "flatten"} <= set(pictures(shown))
    plots.plot_feature_maps(Reused(), torch.rand(4, 8, 8))
    names = [image.get_gid() for image in shown.axes[0].images]
    assert names.count("same 3") == 2


def test_dead_layers_and_flat_images_can_be_drawn(shown):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(2))
    nn.init.constant_(model[0].bias, -9.0)
    plots.plot_feature_maps(model, torch.zeros(1, 5, 9))
    assert_legible(shown)
    assert not pictures(shown)["1 0"].any()
    assert pictures(shown)["2"].shape == (2, 21)


REFUSED_IMAGES = {
    "an array": (np.zeros((1, 28, 28)), TypeError, "got ndarray: pass torch.as_tensor"),
    "several": (torch.zeros(2, 1, 28, 28), ValueError, r"\(2, 1, 28, 28\).*images\[0\]"),
    "no channel": (torch.zeros(28, 28), ValueError, r"\(28, 28\); expected \(C, H, W\)"),
    "nothing": (torch.zeros(1, 0, 28), ValueError, "expected"),
    "NaN": (torch.full((1, 28, 28), torch.nan), ValueError, "image holds NaN"),
}


@pytest.mark.parametrize("case", REFUSED_IMAGES)
def test_what_is_no_image_is_refused(case, shown):
    image, error, message = REFUSED_IMAGES[case]
    with pytest.raises(error, match=message):
        plots.plot_feature_maps(FashionNet(), image)
    assert not shown.figures


def test_a_layer_that_makes_nan_is_named(shown):
    model = FashionNet()
    nn.init.constant_(model.fc1.bias, torch.nan)
    with pytest.raises(ValueError, match=r"^fc1 holds NaN"):
        plots.plot_feature_maps(model, torch.zeros(1, 28, 28))
    assert not shown.figures


def test_too_many_rows_are_refused(shown):
    model = nn.Sequential(*(nn.ReLU() for _ in range(60)))
    with pytest.raises(ValueError, match=r"61 rows are too many .* at most 60"):
        plots.plot_feature_maps(model, torch.zeros(1, 2, 2))
    assert not shown.figures
