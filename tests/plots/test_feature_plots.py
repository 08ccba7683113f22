"""Filters are their weights, feature maps what the layers make; both can be read."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.plots.seen import assert_legible, texts
from tests.plots.test_network_plots import Functions, Reused
from utils import plots
from utils.models import CifarNet, FashionNet
from utils.plots.filters import MINUS, TIMES

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
        name = f"filter {row}" if shape[1] == 1 else f"filter {row}, in {column}"
        np.testing.assert_allclose(drawn[name], array[row, column])
    peak = np.abs(array).max()
    for image in shown.axes[0].images:
        np.testing.assert_allclose(image.get_clim(), (-peak, peak))
        np.testing.assert_allclose(image.cmap(image.norm(0.0))[:3], 1, atol=0.01)
    assert f"{peak:.3g}" in texts(shown) and f"{MINUS}{peak:.3g}" in texts(shown)


def test_rows_are_output_channels_and_columns_input_channels(shown):
    plots.plot_filters(torch.randn(4, 3, 5, 5))
    boxes = {i.get_gid(): i.get_window_extent() for i in shown.axes[0].images}
    assert boxes["filter 2, in 0"].y0 == pytest.approx(boxes["filter 2, in 2"].y0)
    assert boxes["filter 0, in 1"].x0 == pytest.approx(boxes["filter 3, in 1"].x0)
    assert boxes["filter 0, in 1"].x0 < boxes["filter 0, in 2"].x0
    assert boxes["filter 0, in 1"].y0 > boxes["filter 1, in 1"].y0


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
    "an array": (np.zeros((1, 28, 28)), TypeError, "got ndarray: pass .*torch.from_numpy"),
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
