"""One number whatever the batches, training that looking does not change, refusals beforehand."""

import random
import warnings
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    SequentialLR,
    StepLR,
)
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

from tests.training.test_loop import network, one_thread, parts, pictures, weights  # noqa: F401
from utils.training import TensorLoader, evaluate, fit, seed_everything

IMAGES, LABELS = pictures(61)
DATA = TensorDataset(IMAGES, LABELS)
WEIGHT = torch.tensor([1.0, 5.0, 20.0])


def linear():
    torch.manual_seed(2)
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 3))


def sgd(model, rate=0.1, **options):
    return SGD(model.parameters(), rate, **options)


# --- one number, whatever the batches

LOSSES = {
    "plain": nn.CrossEntropyLoss(),
    "weighted": nn.CrossEntropyLoss(weight=WEIGHT),
    "smoothed": nn.CrossEntropyLoss(label_smoothing=0.2),
    "both": nn.CrossEntropyLoss(weight=WEIGHT, label_smoothing=0.2),
    "a class ignored": nn.CrossEntropyLoss(ignore_index=1),
    "weighted, a class ignored": nn.CrossEntropyLoss(weight=WEIGHT, ignore_index=2),
    "partial": partial(F.cross_entropy, weight=WEIGHT),
    "partial, ignored": partial(F.cross_entropy, weight=WEIGHT, ignore_index=0),
    "negative log-likelihood": nn.NLLLoss(weight=WEIGHT),
}


@pytest.mark.parametrize("name", LOSSES)
def test_neither_evaluate_nor_the_history_depends_on_the_batches(name):
    """With a rate of zero, the history's loss is that of the model as it is."""
    model, loss_fn = linear(), LOSSES[name]
    expected = loss_fn(model(IMAGES), LABELS).item()
    one_by_one = TensorLoader(IMAGES, LABELS, 1)
    assert evaluate(model, one_by_one, loss_fn=loss_fn)[0] == pytest.approx(expected, rel=1e-5)
    for batch_size in (61, 21, 7):
        loader = TensorLoader(IMAGES, LABELS, batch_size)
        [record] = fit(
            model, loader, loader, optimizer=sgd(model, 0.0), num_epochs=1, loss_fn=loss_fn
        )
        losses = record["train_loss"], record["validation_loss"]
        assert losses == pytest.approx((expected, expected), rel=1e-5)


def test_evaluate_takes_functions_that_nobody_can_look_into():
    def loss_fn(logits, labels):
        return F.cross_entropy(logits, labels, weight=WEIGHT)

    model = linear()
    found = {evaluate(model, TensorLoader(IMAGES, LABELS, n), loss_fn=loss_fn) for n in (61, 20, 1)}
    assert {round(loss, 5) for loss, _ in found} == {
        round(F.cross_entropy(model(IMAGES), LABELS, WEIGHT).item(), 5)
    }


@pytest.mark.parametrize("ignored", [-100, 1])
def test_labels_that_are_ignored_count_for_nothing(ignored):
    labels = torch.where(torch.arange(61) % 4 == 0, ignored, LABELS)
    model, kept = linear(), labels != ignored
    loader = TensorLoader(IMAGES, labels, 21)
    loss_fn = nn.CrossEntropyLoss(ignore_index=ignored)
    loss, accuracy = evaluate(model, loader, loss_fn=loss_fn)
    assert loss == pytest.approx(F.cross_entropy(model(IMAGES[kept]), labels[kept]).item())
    right = model(IMAGES[kept]).argmax(dim=1) == labels[kept]
    assert accuracy == pytest.approx(right.float().mean().item())
    [record] = fit(model, loader, optimizer=sgd(model, 0.0), num_epochs=1, loss_fn=loss_fn)
    assert record["train_accuracy"] == accuracy


def test_a_batch_of_ignored_labels_alone_is_named():
    loss_fn, model = nn.CrossEntropyLoss(ignore_index=0), linear()
    batches = [(IMAGES, LABELS), (IMAGES[:4], torch.zeros(4, dtype=torch.int64))]
    with pytest.raises(
        FloatingPointError, match=r"nan \(all labels .* ignored ones\) in epoch 1, ste"
    ):
        fit(model, batches, optimizer=sgd(model), num_epochs=1, loss_fn=loss_fn)


# --- looking does not change what is learnt


def drawing(images):
    """Draw from every source of random numbers, as an augmentation might."""
    random.random(), np.random.random(), torch.rand(3)
    return images


def shared(train_loader):
    return DataLoader(DATA, 20, shuffle=True, generator=train_loader.generator)


LOOKS = {
    "unshuffled": lambda train: DataLoader(DATA, 20),
    "shuffled": lambda train: DataLoader(DATA, 20, shuffle=True),
    "with workers": lambda train: DataLoader(DATA, 20, num_workers=1),
    "the generator of the other": shared,
    "an own generator": lambda train: DataLoader(
        DATA, 20, shuffle=True, generator=torch.Generator().manual_seed(4)
    ),
    "drawing": lambda train: TensorLoader(IMAGES, LABELS, 20, shuffle=True, transform=drawing),
    "the same loader": lambda train: train,
}


@pytest.mark.parametrize("generator", [False, True])
@pytest.mark.parametrize("look", LOOKS)
def test_validation_does_not_change_what_is_learnt(look, generator):
    def trained(validated):
        model = network()
        own = torch.Generator().manual_seed(3) if generator else None
        loader = DataLoader(DATA, 20, shuffle=True, drop_last=True, generator=own)
        held_out = LOOKS[look](loader) if validated else None
        seed_everything(5)
        history = fit(model, loader, held_out, optimizer=sgd(model), num_epochs=3, progress=False)
        drawn = random.random(), np.random.random(), torch.rand(()).item()
        return [record["train_loss"] for record in history], drawn, weights(model)["1.weight"]

    (losses, drawn, weight), (seen_losses, seen_drawn, seen) = map(trained, (False, True))
    assert losses == seen_losses
    assert drawn == seen_drawn
    assert torch.equal(weight, seen)


def test_logging_checkpoints_and_progress_change_nothing_either(tmp_path):
    def trained(**options):
        given = parts(shuffle=True)
        seed_everything(5)
        history = fit(**given, num_epochs=2, **options)
        return [record["train_loss"] for record in history], torch.rand(()).item()

    plain = trained(progress=False)
    assert trained(log_dir=tmp_path / "log", checkpoint=tmp_path / "run.pt") == plain


# --- refused before the first step


def refused(error, message, model, loader=None, **options):
    """The refusal of a training, after which the model is as it was."""
    before = weights(model)
    options = {"optimizer": sgd(model), "num_epochs": 1, "progress": False} | options
    with pytest.raises(error, match=message):
        fit(model, loader or TensorLoader(IMAGES, LABELS, 20), **options)
    after = weights(model)
    assert all(torch.equal(before[name], after[name]) for name in before)


LONE = {
    "DataLoader": DataLoader(DATA, 20, shuffle=True),
    "TensorLoader": TensorLoader(IMAGES, LABELS, 20),
    "batches of one": TensorLoader(IMAGES, LABELS, 1),
    "batch_sampler": DataLoader(DATA, batch_sampler=BatchSampler(RandomSampler(DATA), 30, False)),
}


@pytest.mark.parametrize("loader", LONE)
def test_a_last_batch_of_one_is_refused_where_batch_norm_needs_two(loader):
    pooled = nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3, 3)
    )
    for model in network(), pooled:
        refused(ValueError, "one sample.*drop_last=True", model, LONE[loader])


def test_a_last_batch_of_one_is_fine_for_other_models_and_loaders():
    with_pixels = nn.Sequential(nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 3))
    for model, loader in (
        (linear(), LONE["TensorLoader"]),
        (with_pixels, LONE["DataLoader"]),
        (network(), TensorLoader(IMAGES, LABELS, 20, drop_last=True)),
        (network(), DataLoader(TensorDataset(IMAGES[:60], LABELS[:60]), 20)),
    ):
        assert len(fit(model, loader, optimizer=sgd(model), num_epochs=1)) == 1


CLASSES = [
    ({"loss_fn": nn.CrossEntropyLoss}, "loss_fn is the class CrossEntropyLoss itself"),
    ({"optimizer": SGD}, "optimizer is the class SGD itself"),
    ({"scheduler": OneCycleLR}, "scheduler is the class OneCycleLR itself"),
    ({"loss_fn": "cross_entropy"}, "loss_fn must be a function of .*, got 'cross_entropy'"),
]


@pytest.mark.parametrize(("given", "message"), CLASSES)
def test_a_class_is_no_object(given, message):
    refused(TypeError, message, linear(), **given)


def test_evaluate_takes_no_class_either():
    with pytest.raises(TypeError, match="loss_fn is the class NLLLoss itself"):
        evaluate(linear(), [(IMAGES, LABELS)], loss_fn=nn.NLLLoss)
    with pytest.raises(TypeError, match="model is the class Flatten itself"):
        evaluate(nn.Flatten, [(IMAGES, LABELS)])


@pytest.mark.parametrize("loss_fn", [nn.CrossEntropyLoss(reduction="sum"),
                                     partial(F.cross_entropy, reduction="sum")])  # fmt: skip
def test_a_loss_that_sums_is_refused(loss_fn):
    refused(ValueError, "its reduction is 'sum'", linear(), loss_fn=loss_fn)
    with pytest.raises(ValueError, match="its reduction is 'sum'"):
        evaluate(linear(), [(IMAGES, LABELS)], loss_fn=loss_fn)


class Answering(nn.Module):
    def __init__(self, answer):
        super().__init__()
        self.inner, self.answer = linear(), answer

    def forward(self, images):
        return self.answer(self.inner(images))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda logits: (logits, logits), "a tuple"),
        (lambda logits: {"logits": logits}, "a dict"),
        (lambda logits: None, "a NoneType"),
        (lambda logits: logits.detach().numpy(), "a ndarray"),
    ],
)
def test_a_model_gives_logits_alone(answer, kind):
    model = Answering(answer)
    refused(TypeError, f"the model gives {kind}, not logits", model)
    with pytest.raises(TypeError, match=f"the model gives {kind}, not logits"):
        evaluate(model, [(IMAGES, LABELS)])


def test_a_layer_that_no_optimizer_holds_is_named():
    model = network()
    optimizer = Adam(model.parameters())
    model[5] = nn.Linear(8, 3)
    refused(ValueError, r"does not hold 5.weight, 5.bias \(2 of 6 par", model, optimizer=optimizer)
    grown = linear().append(nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)))
    refused(ValueError, r"2.0.weight, 2.0.bias, 2.1.weight \.\.\. \(4 of 6", grown,
            optimizer=SGD(grown[1].parameters(), 0.1))  # fmt: skip


def test_frozen_layers_need_no_optimizer():
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 8).requires_grad_(False), nn.Linear(8, 3))
    loader = TensorLoader(IMAGES, LABELS, 20)
    assert fit(model, loader, optimizer=SGD(model[2].parameters(), 0.1), num_epochs=1)


# --- schedules


def composite(optimizer):
    return SequentialLR(optimizer, [LinearLR(optimizer, 0.1), ExponentialLR(optimizer, 0.5)], [3])


ENDED = [
    lambda optimizer: StepLR(optimizer, 1),
    lambda optimizer: MultiStepLR(optimizer, [1, 2, 3, 4], gamma=0.1),
    lambda optimizer: LambdaLR(optimizer, lambda batch: float(batch < 5)),
    composite,
]
LASTING = [
    lambda optimizer: StepLR(optimizer, 20),
    lambda optimizer: CosineAnnealingLR(optimizer, 40),
    lambda optimizer: CosineAnnealingLR(optimizer, 4),  # goes up and down again
    lambda optimizer: OneCycleLR(optimizer, 0.1, total_steps=40),
    lambda optimizer: LambdaLR(optimizer, lambda batch: batch / 40),
]


def with_schedule(make, **options):
    model = linear()
    optimizer = sgd(model, momentum=0.9)
    scheduler = make(optimizer)
    fit(model, TensorLoader(IMAGES, LABELS, 16), optimizer=optimizer, scheduler=scheduler,
        num_epochs=10, progress=False, **options)  # fmt: skip
    return optimizer, scheduler


@pytest.mark.parametrize("make", ENDED)
def test_a_schedule_that_ends_long_before_training_is_noticed(make):
    with pytest.warns(UserWarning, match="of 40 batches the scheduler has brought the learning ra"):
        with_schedule(make)


@pytest.mark.parametrize("make", LASTING)
def test_a_schedule_that_lasts_is_not_remarked_on_and_not_moved(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer, scheduler = with_schedule(make)
    model = linear()
    plain = sgd(model, momentum=0.9)
    expected = make(plain)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(40):
            plain.step()
            expected.step()
    assert scheduler.last_epoch == 40
    assert scheduler.get_last_lr() == expected.get_last_lr()
    assert optimizer.param_groups[0]["lr"] == plain.param_groups[0]["lr"]


@pytest.mark.parametrize("total_steps", [10, 39])
def test_a_schedule_too_short_to_go_on_is_refused_before_the_first_step(total_steps):
    model = linear()
    optimizer = sgd(model, momentum=0.9)
    scheduler = OneCycleLR(optimizer, 0.1, total_steps=total_steps)
    refused(ValueError, f"the scheduler ends after {total_steps} of 40 batches.*lengths in batches",
            model, TensorLoader(IMAGES, LABELS, 16), optimizer=optimizer, scheduler=scheduler,
            num_epochs=10)  # fmt: skip
    assert scheduler.last_epoch == 0


# --- whole numbers of all kinds


@pytest.mark.parametrize("seed", [np.int64(42), np.uint8(42), torch.tensor(42)])
def test_a_seed_is_whatever_is_a_whole_number(seed):
    seed_everything(42)
    expected = torch.rand(())
    seed_everything(seed)
    assert torch.equal(torch.rand(()), expected)
    assert len(TensorLoader(IMAGES, LABELS, seed)) == 2
    refused(ValueError, "num_epochs must be a whole number from 1 on, got True", linear(),
            num_epochs=True)  # fmt: skip


@pytest.mark.parametrize("seed", [np.float64(42), torch.tensor(4.5), torch.tensor([1, 2]), "42"])
def test_a_seed_is_nothing_else(seed):
    with pytest.raises(ValueError, match="seed must be a whole number from 0 to 4294967295, got"):
        seed_everything(seed)
    with pytest.raises(ValueError, match="batch_size must be a whole number from 1 on, got"):
        TensorLoader(IMAGES, LABELS, seed)
