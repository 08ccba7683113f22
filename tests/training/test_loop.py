"""fit and evaluate against a plain loop, numbers computed by hand, and what they must leave."""

import math
from collections import Counter
from contextlib import nullcontext
from itertools import chain, count, repeat
from operator import itemgetter

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.optim import SGD, Adam
from torch.optim.lr_scheduler import LambdaLR, OneCycleLR
from torch.overrides import TorchFunctionMode
from torch.utils.data import DataLoader, TensorDataset

from utils.training import TensorLoader, evaluate, fit, loop, seed_everything

KEYS = ["epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy",
        "learning_rate", "seconds"]  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def network():
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Flatten(), nn.Linear(12, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3),
        nn.Linear(8, 3),
    )  # fmt: skip


def pictures(number=26):
    generator = torch.Generator().manual_seed(number)
    images = torch.randn(number, 3, 2, 2, generator=generator)
    return images, torch.randint(3, (number,), generator=generator)


def parts(rate=0.05, **options):
    """A model and the optimizer and loader that go with it, as arguments of fit."""
    model = network()
    loader = TensorLoader(*pictures(), 8, **options)
    return {"model": model, "train_loader": loader, "optimizer": SGD(model.parameters(), rate)}


def weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def assert_equal_weights(one, other):
    assert all(torch.equal(one[name], other[name]) for name in one | other)


# --- what fit computes


@pytest.mark.parametrize("optimizer", [SGD, Adam])
@pytest.mark.parametrize("scheduled", [False, True])
def test_fit_is_a_plain_loop(optimizer, scheduled):
    ends = []
    for plain in True, False:
        model, loader = network(), TensorLoader(*pictures(), 8, shuffle=True)
        steps = optimizer(model.parameters(), 0.05)
        scheduler = OneCycleLR(steps, 0.1, total_steps=12) if scheduled else None
        seed_everything(5)
        if plain:
            for images, labels in chain.from_iterable(repeat(loader, 3)):
                steps.zero_grad()
                F.cross_entropy(model(images), labels).backward()
                steps.step()
                if scheduled:
                    scheduler.step()
        else:
            validation = TensorLoader(*pictures(10), 4)  # which must not change what is learnt
            fit(model, loader, validation, optimizer=steps, num_epochs=3, scheduler=scheduler)
        ends.append((weights(model), steps.param_groups[0]["lr"]))
    assert_equal_weights(ends[0][0], ends[1][0])
    assert ends[0][1] == ends[1][1]


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, logits):
        return logits * self.scale


def test_losses_and_accuracies_are_means_over_images():
    """Three images with the right answer at 3 to 1, a batch; one with the wrong, a batch."""
    logits, labels = torch.tensor([[math.log(3), 0.0]] * 4), torch.tensor([0, 0, 0, 1])
    loader = TensorLoader(logits, labels, 3)
    model = Scaled()
    [record] = fit(model, loader, loader, optimizer=SGD(model.parameters(), 0.0), num_epochs=1)
    assert list(record) == KEYS
    loss = (3 * math.log(4 / 3) + math.log(4)) / 4
    assert record["train_loss"] == pytest.approx(loss) == record["validation_loss"]
    assert record["train_accuracy"] == record["validation_accuracy"] == 0.75
    assert evaluate(model, loader) == (pytest.approx(loss), 0.75)


def test_the_learning_rate_is_that_of_the_last_batch():
    model, loader, optimizer = parts(1e-3).values()
    scheduler = LambdaLR(optimizer, lambda batch: 1 / (batch + 1))
    history = fit(model, loader, optimizer=optimizer, num_epochs=2, scheduler=scheduler)
    rates = [record["learning_rate"] for record in history]
    assert rates == pytest.approx([1e-3 / 4, 1e-3 / 8])


def test_without_a_validation_loader_its_numbers_are_none():
    history = fit(**parts(), num_epochs=3)
    assert [list(record) for record in history] == [KEYS] * 3
    assert [record["epoch"] for record in history] == [1, 2, 3]
    held_out = itemgetter("validation_loss", "validation_accuracy")
    assert {held_out(record) for record in history} == {(None, None)}
    assert all(record["seconds"] > 0 for record in history)


def test_evaluate_computes_in_evaluation_mode_and_changes_nothing():
    model, _, _ = parts().values()
    images, labels = pictures()
    F.cross_entropy(model(images), labels).backward()
    gradients = [parameter.grad.clone() for parameter in model.parameters()]
    before = weights(model)
    found = evaluate(model, DataLoader(TensorDataset(images, labels), batch_size=8))
    assert_equal_weights(before, weights(model))
    assert all(map(torch.equal, gradients, [p.grad for p in model.parameters()]))
    model.eval()
    logits = model(images)
    right = (logits.argmax(1) == labels).double().mean().item()
    assert found == (pytest.approx(F.cross_entropy(logits, labels).item()), pytest.approx(right))


def test_what_a_loader_keeps_can_be_learnt_from_after_evaluate():
    class Keeping:
        kept = None

        def __iter__(self):
            self.kept = self.kept or [(torch.ones(8, 3, 2, 2), torch.zeros(8, dtype=torch.int64))]
            return iter(self.kept)

    model, _, optimizer = parts().values()
    kept = Keeping()
    evaluate(model, kept)
    assert len(fit(model, kept, optimizer=optimizer, num_epochs=1)) == 1


# --- what it leaves as it was


@pytest.mark.parametrize("place", [0, 1], ids=["training", "validation"])
@pytest.mark.parametrize("error", [None, OSError, KeyboardInterrupt])
def test_each_part_of_the_model_is_put_back_into_its_mode(error, place):
    def fail(images):
        raise error

    model, loader, optimizer = parts().values()
    loaders = [loader, TensorLoader(*pictures(), 8)]
    loaders[place].transform = error and fail
    model[2].eval()
    modes = [True, True, True, False, True, True, True]
    assert [part.training for part in model.modules()] == modes
    with pytest.raises(OSError) if error is OSError else nullcontext():
        fit(model, *loaders, optimizer=optimizer, num_epochs=1)
    assert [part.training for part in model.modules()] == modes
    with pytest.raises(error) if error else nullcontext():
        evaluate(model, loaders[place])
    assert [part.training for part in model.modules()] == modes


WAITS = {"item", "tolist", "cpu", "numpy", "is_nonzero", "nonzero", "equal", "allclose"}
WAITS |= {f"__{name}__" for name in ("bool", "float", "int", "index", "format", "contains")}


class Waits(TorchFunctionMode):
    """Counts the calls that wait for the device, if there is one."""

    def __init__(self):
        super().__init__()
        self.found = Counter()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.found[func.__name__] += func.__name__ in WAITS
        return func(*args, **kwargs or {})


def test_steps_do_not_wait_for_the_device(monkeypatch):
    """Except for a look now and then; the look at labels on the CPU is left out here."""

    def waits(batches):
        model, _, optimizer = parts().values()
        loader = TensorLoader(*pictures(8 * batches), 8, shuffle=True)
        scheduler = OneCycleLR(optimizer, 0.1, total_steps=batches)
        with Waits() as counted:
            fit(model, loader, loader, optimizer=optimizer, scheduler=scheduler, num_epochs=1)
        return counted.found.total()

    monkeypatch.setattr(loop, "require_fit", lambda *batch: None)
    look = loop.LOOK
    numbers = [waits(batches) for batches in (1, look - 1, 2 * look - 1, 3 * look - 1)]
    assert 0 < numbers[0] == numbers[1] < numbers[2]
    assert 0 < numbers[2] - numbers[1] == numbers[3] - numbers[2] < 5


@pytest.mark.parametrize("end", ["done", "interrupted", "failed"])
def test_the_progress_bar_counts_batches_and_is_closed(end, monkeypatch):
    bars = []

    class Bar(loop.tqdm):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            bars.append(self)

    def transform(images, calls=count(1)):  # noqa: B008
        if next(calls) == 6 and end != "done":
            raise KeyboardInterrupt if end == "interrupted" else OSError
        return images

    monkeypatch.setattr(loop, "tqdm", Bar)
    try:
        history = fit(**parts(transform=transform), num_epochs=3)
        assert len(history) == {"done": 3, "interrupted": 1}[end]
    except OSError:
        assert end == "failed"
    [bar] = bars
    assert (bar.total, bar.n, bar.disable) == (12, 12 if end == "done" else 5, True)


def test_progress_can_be_off(capsys):
    fit(**parts(), num_epochs=1, progress=False)
    assert capsys.readouterr() == ("", "")
