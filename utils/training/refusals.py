"""What cannot be trained: errors that name the value, what was expected, and the remedy."""

import copy
import math
import warnings
from operator import index, length_hint

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from utils.training.checkpoints import random_states_kept
from utils.training.tally import settings_of

MOST = 100_000  # batches whose learning rates are looked at beforehand: about a second


def require_batches(count):
    if not count:
        raise ValueError("the loader is empty: it gives no batch. Is its dataset empty, or "
                         "smaller than a batch with drop_last=True?")  # fmt: skip


def require_trainable(model, optimizer, scheduler, num_epochs, loaders, loss_fn):
    """Raise ValueError or TypeError for arguments of `fit` that cannot work."""
    require_made(model=model, optimizer=optimizer, scheduler=scheduler, loss_fn=loss_fn)
    own = {name: p for name, p in model.named_parameters() if p.requires_grad}
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    left_out = [name for name, parameter in own.items() if id(parameter) not in held]
    if not own:
        raise ValueError(f"{type(model).__name__} has no parameters that need a gradient: there "
                         "is nothing to train.")  # fmt: skip
    if len(left_out) == len(own):
        raise ValueError("the optimizer holds no parameter of this model: make it from "
                         "model.parameters() after the model.")  # fmt: skip
    if left_out:
        raise ValueError(
            f"the optimizer does not hold {', '.join(left_out[:3])}{' ...' * (len(left_out) > 3)} "
            f"({len(left_out)} of {len(own)} parameters), which would never change. Make it after "
            "the last change of the model, or freeze them: requires_grad_(False)."
        )
    if getattr(scheduler, "optimizer", optimizer) is not optimizer:
        raise ValueError("the scheduler steps another optimizer: make it anew after the optimizer.")
    if isinstance(scheduler, ReduceLROnPlateau):
        raise TypeError("ReduceLROnPlateau needs a loss to step; give a scheduler that counts, "
                        "such as OneCycleLR.")  # fmt: skip
    require_whole("num_epochs", num_epochs, 1)
    for loader in loaders:
        require_batches(length_hint(loader, 1))


def require_whole(name, value, least, most=math.inf):
    """Return `value` as an int; raise ValueError unless it is a whole number of that range."""
    try:
        number = index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or not least <= number <= most:
        end = "on" if most == math.inf else f"to {most}"
        raise ValueError(f"{name} must be a whole number from {least} {end}, got {value!r}")
    return number


def require_made(loss_fn, **others):
    """Raise TypeError for a class in place of its object, ValueError for a loss that sums."""
    for name, given in {"loss_fn": loss_fn, **others}.items():
        if isinstance(given, type):
            raise TypeError(f"{name} is the class {given.__name__} itself: make an object of it, "
                            f"as {given.__name__}(...)")  # fmt: skip
    if not callable(loss_fn):
        raise TypeError(f"loss_fn must be a function of (logits, labels), got {loss_fn!r}")
    if settings_of(loss_fn).get("reduction") == "sum":
        raise ValueError("loss_fn must give the mean of a batch, its reduction is 'sum': loss and "
                         "steps would grow with the batch. Leave reduction at 'mean'.")  # fmt: skip


def require_alone(model, images, loader):
    """Raise ValueError if the last batch holds one sample and the model cannot learn from one.

    BatchNorm needs two values for a standard deviation. A copy is asked, with `images` (1, ...).
    """
    if not _ends_with_one(loader):
        return
    trial = copy.deepcopy(getattr(model, "module", model)).train()
    try:
        with torch.no_grad(), random_states_kept(()):
            trial(images)
    except ValueError as error:
        raise ValueError(
            "an epoch would end with a batch of one sample, of which this model cannot learn: "
            f"{error}. Give the loader drop_last=True, or another batch_size."
        ) from error


def _ends_with_one(loader):
    source = getattr(loader, "batch_sampler", None) or loader
    samples = getattr(source, "sampler", getattr(loader, "images", None))
    if not getattr(source, "batch_size", None) or not hasattr(samples, "__len__"):
        return False
    return not source.drop_last and len(samples) % source.batch_size == 1 % source.batch_size


def require_steps(scheduler, optimizer, steps):
    """Raise ValueError if the scheduler cannot take `steps` steps; warn if it ends long before.

    A copy of it is stepped through all of them, or through the first MOST.
    """
    ahead = copy.copy(optimizer)
    ahead.param_groups = [
        {name: v if name == "params" else copy.deepcopy(v) for name, v in group.items()}
        for group in optimizer.param_groups
    ]
    trial, rates = copy.deepcopy(scheduler, {id(optimizer): ahead}), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of steps without the optimizer's
        for step in range(min(steps, MOST)):
            rates.append(max(float(group["lr"]) for group in ahead.param_groups))
            try:
                trial.step()
            except ValueError as error:
                raise ValueError(
                    f"the scheduler ends after {step} of {steps} batches: {error}. Count its "
                    "lengths in batches, those of all epochs."
                ) from error
    alive = 1 + max(n for n, rate in enumerate(rates) if rate * 1000 >= max(rates))
    if alive < min(len(rates), steps / 2):
        warnings.warn(
            f"after {alive} of {steps} batches the scheduler has brought the learning rate down to "
            f"{rates[alive]:.2g}: the rest learns almost nothing. It steps after every batch, so "
            "count its lengths in batches; an epoch has len(train_loader).",
            stacklevel=3,
        )


def batches(loader, device):
    """Yield (images, labels, labels as they came), the first two on the device."""
    for batch in loader:
        parts = batch if isinstance(batch, list | tuple) else [batch]
        if [isinstance(part, torch.Tensor) for part in parts] != [True, True]:
            kinds = ", ".join(type(part).__name__ for part in parts)
            raise TypeError(f"a loader must give pairs of tensors (images, labels), got: {kinds}")
        images, labels = parts
        yield images.to(device), labels.to(device), labels


def require_fit(loss_fn, logits, labels, given):
    """Raise ValueError or TypeError if logits and labels do not fit together.

    `given` are the labels where the loader left them: on the CPU, looking at them costs no wait.
    """
    if not isinstance(logits, torch.Tensor):
        raise TypeError(
            f"the model gives a {type(logits).__name__}, not logits (N, classes): let its forward "
            "return the logits alone, or wrap it in a module that picks them out"
        )
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or labels.dtype != torch.int64:
        raise ValueError(
            f"logits must be (N, classes) and labels (N,) of int64, got {tuple(logits.shape)} and "
            f"{tuple(labels.shape)} of {str(labels.dtype).removeprefix('torch.')}"
        )
    ignored = settings_of(loss_fn).get("ignore_index")
    if given.device.type == "cpu" and len(given):
        wrong = given[((given < 0) | (given >= logits.shape[1])) & (given != ignored)]
        if len(wrong):
            raise ValueError(f"labels must be from 0 to {logits.shape[1] - 1}, one for each logit; "
                             f"a batch holds {wrong[0].item()}")  # fmt: skip


def checked_loss(loss_fn, logits, labels):
    """Return loss_fn(logits, labels); raise ValueError unless it is one number."""
    loss = loss_fn(logits, labels)
    if not isinstance(loss, torch.Tensor) or loss.ndim:
        shaped = isinstance(loss, torch.Tensor)
        found = f"shape {tuple(loss.shape)}" if shaped else f"a {type(loss).__name__}, no tensor"
        raise ValueError(f"loss_fn must give one number a batch, got {found}")
    return loss
