"""The recipe's ingredients, each against something computed another way, and the program itself."""

import pytest
import torch
from torch import nn

from tests.tools.test_bench import pictures
from tools import recipe
from tools.recipe_parts import accuracy, whitening
from utils.training import TensorLoader


@pytest.mark.parametrize("width", [2, 3, 4, 32])
def test_whitened_patches_are_uncorrelated_and_of_one_size(width):
    torch.manual_seed(0)
    images = torch.nn.functional.avg_pool2d(torch.randn(400, 1, 30, 30), 3, stride=1)  # smooth
    conv = whitening(images, width)
    assert conv.weight.shape[0] == width and not any(p.requires_grad for p in conv.parameters())
    half = (width + 1) // 2
    assert torch.equal(conv.weight[half:], -conv.weight[: width - half])
    conv.padding = (0, 0)  # what the frame adds was not measured
    found = torch.atleast_2d(conv(images)[:, :half].permute(1, 0, 2, 3).flatten(1).cov())
    off = found - found.diag().diag()
    assert off.abs().max() < 0.05
    assert found.diag().min() > 0.5 and found.diag().max() < 1.1  # LEAST holds the faintest back


def test_each_image_is_asked_twice_and_the_logits_are_added_up():
    torch.manual_seed(0)
    images = torch.randn(40, 1, 5, 5)
    model = nn.Sequential(nn.Flatten(), nn.Linear(25, 10)).requires_grad_(False)
    both = (model(images) + model(images.flip(-1))).argmax(dim=1)
    alone = model(images).argmax(dim=1)
    assert accuracy(model, TensorLoader(images, both, 16)) == 1
    assert accuracy(model, TensorLoader(images, alone, 16), tta=False) == 1
    same = (alone == both).double().mean().item()
    assert same < 1 and accuracy(model, TensorLoader(images, both, 16), tta=False) == same


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(recipe, "fashion_mnist", pictures)
    monkeypatch.setattr(recipe, "HELD_OUT", 300)
    monkeypatch.setenv("COURSE_DEVICE", "cpu")


SMALL = ["--width", "4", "--batch-size", "25", "--images", "500", "--epochs", "6"]


def test_each_seed_is_said_and_their_mean(few, capsys):
    recipe.main([*SMALL, "--seeds", "2"])
    head, *seeds, mean = capsys.readouterr().out.splitlines()
    assert head.startswith("drawn images, cpu, ") and "'without': []" in head
    assert [line.partition(": test accuracy ")[0] for line in seeds] == ["seed 0", "seed 1"]
    found = [float(line.partition("accuracy ")[2].partition("%")[0]) for line in seeds]
    assert min(found) > 50  # the garments differ in their grey: a guess finds 10 %
    assert float(mean.split()[1].strip("%,")) == pytest.approx(sum(found) / 2, abs=0.011)


def test_whoever_chooses_does_not_see_the_test_images(few, monkeypatch, capsys):
    def training_only(train):
        assert train
        return pictures(train)

    monkeypatch.setattr(recipe, "fashion_mnist", training_only)
    everything = pictures()
    learnt, asked, _ = recipe.data("cpu", 60_000, held_out=True)
    assert learnt[1].tolist() + asked[1].tolist() == list(everything.targets)
    assert len(asked[1]) == 300
    recipe.main([*SMALL, "--held-out", "--bfloat16"])
    assert "seed 0: held out accuracy " in capsys.readouterr().out


@pytest.mark.parametrize("left_out", recipe.INGREDIENTS)
def test_each_ingredient_can_be_left_out_and_changes_something(few, left_out):
    how = {"epochs": 2, "width": 4, "batch_size": 50, "seed": 0}
    learnt, _, _ = recipe.data("cpu", 300, held_out=False)
    whole, less = (losses(learnt, how | {"without": without}) for without in ((), (left_out,)))
    if left_out == "tta":  # it changes what is tested, not what is learnt
        assert whole == less
    else:
        assert whole != less


def losses(learnt, how):
    model, loader, others = recipe.recipe(*learnt, **how)
    history = recipe.fit(model, loader, num_epochs=how["epochs"], progress=False, **others)
    return [record["train_loss"] for record in history]


def test_an_ingredient_that_is_not_there_is_named(capsys):
    with pytest.raises(SystemExit):
        recipe.main(["--without", "salt"])
    assert "invalid choice: 'salt'" in capsys.readouterr().err
