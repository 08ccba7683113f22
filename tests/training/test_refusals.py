"""What cannot be trained ends in an error that names it, before a parameter changes."""

import math
import random
from functools import partial
from itertools import count

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau, StepLR

from tests.training.test_loop import network, one_thread, parts, pictures, weights  # noqa: F401
from utils.training import (
    devices,
    evaluate,
    fit,
    load_checkpoint,
    loop,
    pick_device,
    seed_everything,
)

IMAGES, LABELS = pictures(8)
OTHER = SGD(network().parameters(), 0.1)


def label(number):
    """A batch with this label in the middle."""
    return [(IMAGES, torch.where(torch.arange(8) == 4, number, LABELS))]


BATCHES = [
    (label(3), ValueError, "from 0 to 2, one for each logit; a batch holds 3"),
    (label(-1), ValueError, "a batch holds -1"),
    (label(-100), ValueError, "a batch holds -100"),
    ([(IMAGES, LABELS.double())], ValueError, "of int64, got (8, 3) and (8,) of float64"),
    ([(IMAGES, LABELS.byte())], ValueError, "got (8, 3) and (8,) of uint8"),
    ([(IMAGES, LABELS[:, None])], ValueError, "got (8, 3) and (8, 1) of int64"),
    ([(IMAGES, F.one_hot(LABELS, 3))], ValueError, "got (8, 3) and (8, 3) of int64"),
    ([(IMAGES, LABELS[:5])], ValueError, "got (8, 3) and (5,) of int64"),
    ([(IMAGES, LABELS.tolist())], TypeError, "of tensors (images, labels), got: Tensor, list"),
    ([(IMAGES.numpy(), LABELS.numpy())], TypeError, "got: ndarray, ndarray"),
    ([(IMAGES, LABELS, LABELS)], TypeError, "got: Tensor, Tensor, Tensor"),
    ([IMAGES], TypeError, "got: Tensor"),
    ([{"images": IMAGES, "labels": LABELS}], TypeError, "got: dict"),
    ([], ValueError, "the loader is empty"),
    (iter([]), ValueError, "the loader is empty"),
]  # fmt: skip


@pytest.mark.parametrize(("loader", "error", "message"), BATCHES)
@pytest.mark.parametrize("evaluating", [False, True])
def test_batches_that_do_not_fit(evaluating, loader, error, message):
    model, _, optimizer = parts().values()
    before = [parameter.clone() for parameter in model.parameters()]
    with pytest.raises(error) as raised:
        if evaluating:
            evaluate(model, loader)
        else:
            fit(model, loader, optimizer=optimizer, num_epochs=1)
    assert message in str(raised.value)
    assert all(map(torch.equal, before, model.parameters()))


def without_batch_norm():
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 3))
    return {"model": model, "optimizer": SGD(model.parameters(), 0.1)}


def with_last_layer(layer):
    """Let the network end otherwise."""
    return lambda given: {"model": given["model"].append(layer)}


ARGUMENTS = [
    (with_last_layer(nn.Unflatten(1, (3, 1, 1))), ValueError, "got (8, 3, 1, 1) and (8,)"),
    (
        with_last_layer(nn.Flatten(0)),
        ValueError,
        "logits must be (N, classes) and labels (N,) of int64, got (24,)",
    ),
    (
        lambda given: {"loss_fn": partial(F.cross_entropy, reduction="none")},
        ValueError,
        "one number a batch, got shape (8,)",
    ),
    (lambda given: {"validation_loader": []}, ValueError, "the loader is empty"),
    (
        lambda given: {"model": nn.Flatten()},
        ValueError,
        "Flatten has no parameters that need a gradient",
    ),
    (
        lambda given: {"model": network().requires_grad_(False)},
        ValueError,
        "Sequential has no parameters",
    ),
    (lambda given: {"model": network()}, ValueError, "holds no parameter of this model"),
    (
        lambda given: {"scheduler": StepLR(OTHER, 3)},
        ValueError,
        "the scheduler steps another optimizer",
    ),
    (
        lambda given: {"scheduler": ReduceLROnPlateau(given["optimizer"])},
        TypeError,
        "ReduceLROnPlateau needs a loss",
    ),
]
ARGUMENTS += [
    (lambda given, number=number: {"num_epochs": number}, ValueError, f"from 1 on, got {number!r}")
    for number in (0, -1, 1.5, True, "3", None)
]


@pytest.mark.parametrize(("change", "error", "message"), ARGUMENTS)
def test_arguments_that_do_not_fit(change, error, message):
    given = without_batch_norm() | {"train_loader": [(IMAGES, LABELS)], "num_epochs": 1}
    before = weights(given["model"])
    with pytest.raises(error) as raised:
        fit(**given | change(given))
    assert message in str(raised.value)
    after = weights(given["model"])
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("evaluating", [False, True])
def test_labels_are_looked_at_before_they_go_to_another_device(evaluating):
    """On torch's device for shapes, meta, no label has a value that could be looked at."""
    model, _, optimizer = parts().values()
    with pytest.raises(ValueError, match="a batch holds 3"):
        if evaluating:
            evaluate(model.to("meta"), label(3))
        else:
            fit(model, label(3), optimizer=optimizer, num_epochs=1, device="meta")
    assert {parameter.device.type for parameter in model.parameters()} == {"meta"}


# --- losses and parameters that are not finite


def failing_loss(numbers):
    """Cross-entropy, times `number` from the `call`-th batch on, for each call: number."""
    calls = count(1)

    def loss_fn(logits, labels):
        call = next(calls)
        loss_fn.calls = call
        return F.cross_entropy(logits, labels) * math.prod(
            number for start, number in numbers.items() if call >= start
        )

    return loss_fn


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_is_named_and_the_checkpoint_stays(value, tmp_path):
    given, path = parts(1.0), tmp_path / "run.pt"
    scheduler = LambdaLR(given["optimizer"], lambda batch: 1 / (batch + 1))
    with pytest.raises(FloatingPointError) as raised:
        fit(**given, scheduler=scheduler, num_epochs=3, loss_fn=failing_loss({7: value}),
            checkpoint=path)  # fmt: skip
    assert f"the loss became {value} in epoch 2, step 3, at learning rate 0.1429" in str(
        raised.value
    )
    model = network()
    assert load_checkpoint(path, model)["epoch"] == 1
    assert all(parameter.isfinite().all() for parameter in model.parameters())


@pytest.mark.parametrize(("first", "last"), [(1, 2), (2, 2), (3, 4), (5, 6)])
def test_training_stops_at_the_next_look(first, last, monkeypatch):
    monkeypatch.setattr(loop, "LOOK", 2)
    loss_fn = failing_loss({first: math.nan})
    with pytest.raises(FloatingPointError, match=f"step {(first - 1) % 4 + 1},"):
        fit(**parts(), num_epochs=3, loss_fn=loss_fn)
    assert loss_fn.calls == last


def test_a_parameter_spoilt_by_an_epoch_s_last_step_is_noticed(tmp_path):
    def loss_fn(logits, labels, calls=count(1)):  # noqa: B008
        zero = (logits.sum() * 0).sqrt()  # of which the gradient is 0 times infinity
        return F.cross_entropy(logits, labels) + (zero if next(calls) == 8 else 0)

    path = tmp_path / "run.pt"
    with pytest.raises(FloatingPointError, match=r"1.weight became .* in epoch 2, step 4, at lear"):
        fit(**parts(), num_epochs=3, loss_fn=loss_fn, checkpoint=path)
    assert load_checkpoint(path, network())["epoch"] == 1


def test_evaluate_says_what_it_finds():
    loss, accuracy = evaluate(network(), [(IMAGES * math.nan, LABELS)])
    assert math.isnan(loss)
    assert 0 <= accuracy <= 1


# --- seeds and devices


def test_a_seed_decides_all_random_numbers():
    def drawn(seed):
        seed_everything(seed)
        return random.random(), np.random.random(), torch.rand(()).item()

    assert drawn(3) == drawn(3)
    assert all(one != other for one, other in zip(drawn(3), drawn(2**32 - 1), strict=True))


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, "7", None, True])
def test_what_is_no_seed_is_refused(seed):
    before = random.getstate()
    with pytest.raises(ValueError, match=rf"from 0 to 4294967295, got {seed!r}"):
        seed_everything(seed)
    assert random.getstate() == before


@pytest.mark.parametrize(("there", "wanted", "device"), [
    ({}, None, "cpu"),
    ({}, "", "cpu"),
    ({}, "cpu", "cpu"),
    ({"mps"}, None, "mps"),
    ({"mps", "cuda"}, None, "cuda"),
    ({"cuda"}, "cuda:1", "cuda:1"),
    ({"cuda"}, "cpu", "cpu"),
    ({}, "cuda", None),
    ({}, "gpu", None),
    ({"cuda"}, "cuda:2", None),
    ({"cuda"}, "cuda:x", None),
    ({"cuda"}, "mps", None),
    ({}, "cpu:x", None),
])  # fmt: skip
def test_the_device(there, wanted, device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in there)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in there)
    monkeypatch.setattr(devices, "_failure", lambda name: None)
    monkeypatch.delenv("COURSE_DEVICE", raising=False)
    if wanted is not None:
        monkeypatch.setenv("COURSE_DEVICE", wanted)
    if device:
        assert pick_device() == torch.device(device)
    else:
        with pytest.raises(ValueError, match=rf"COURSE_DEVICE is '{wanted}'.* can be .*cpu"):
            pick_device()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU that works")
def test_a_gpu_that_cannot_compute_is_passed_over_and_named(monkeypatch, capsys):
    """This machine has none: whoever believes that it has one fails at the first operation."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.delenv("COURSE_DEVICE", raising=False)
    assert pick_device().type in ("mps", "cpu")
    said = capsys.readouterr().out
    assert said.startswith("cuda is there and cannot compute (")
    assert said.count("\n") == 1
    monkeypatch.setenv("COURSE_DEVICE", "cuda:1")
    with pytest.raises(ValueError, match="COURSE_DEVICE is 'cuda:1', which cannot compute here: "):
        pick_device()
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    assert pick_device() == torch.device("cpu")


@pytest.mark.parametrize("error", [RuntimeError("no kernel image\nmore"), AssertionError("x")])
def test_an_error_that_comes_late_counts(error, monkeypatch):
    """A GPU's errors come with the result, which is looked at."""
    monkeypatch.setattr(torch.Tensor, "item", lambda self: (_ for _ in ()).throw(error))
    assert devices._failure("cpu") in ("no kernel image", "x")
