"""Checkpoints: everything that training needs to go on as if it had never stopped."""

import hashlib
import io
import random
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path

import numpy as np
import torch

from utils.datasets.fetch import DataError, write_file
from utils.training.settings import differences, go_on
from utils.training.stored import VERSION, CheckpointError, parse, read


def save_checkpoint(path, model, optimizer, scheduler=None, *, step=0, history=(), loaders=()):
    """Write model, optimizer, scheduler, progress and every random state to `path`.

    `step` counts batches and `history` holds a record for each finished epoch; `loaders` are
    those whose generators belong to the run. The file is written under another name and renamed,
    so that `path` always holds a whole checkpoint. Raises CheckpointError if it cannot be written,
    or could not be read again.
    """
    state = {
        "version": VERSION,
        "torch": str(torch.__version__),
        "outline": _outline(model, optimizer, scheduler, loaders),
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler and scheduler.state_dict(),
        "epoch": len(history),
        "step": step,
        "history": list(history),
        "random": _random_states(loaders),
    }
    file = io.BytesIO()
    torch.save(state, file)
    data = file.getvalue()
    parse(data, f"{path} is not written: it", "Give plain numbers, such as float(learning_rate).")
    data += hashlib.sha256(data).digest()
    try:
        write_file(Path(path), data, "Free some space, or choose another folder.")
    except DataError as error:
        raise CheckpointError(str(error)) from error


def load_checkpoint(path, model, optimizer=None, scheduler=None, *, loaders=(), settings="same"):
    """Read `path` into the model and return {"epoch", "step", "history", "torch", ...}.

    With an optimizer, all of training is put back where it stood: optimizer and scheduler, the
    random states of Python, NumPy, torch and its devices, and the generators of `loaders`. Without
    one, only the model changes. Code in a file is never executed (weights_only=True).

    `settings`: "same" asks that learning rate, schedule and all other hyperparameters are those of
    the file; "new" goes on with those of this run, be it with another schedule: what the optimizer
    has gathered stays, and the schedule counts on from where the file stands.

    Raises CheckpointError, before the model is changed, if the file cannot be read, is damaged,
    comes from a newer version of the course, belongs to another model or optimizer, or was trained
    with other settings.
    """
    if settings not in ("same", "new"):
        raise ValueError(f"settings must be 'same' or 'new', got {settings!r}")
    state = read(path)
    outline = _outline(model, optimizer, scheduler, loaders)
    if settings == "new":
        outline.pop("scheduler", None)
    for part, here in outline.items():
        for old, new in zip_longest(state["outline"][part].items(), here.items()):
            if old != new:
                old, new = (" ".join(map(str, entry or ["nothing more"])) for entry in (old, new))
                raise CheckpointError(
                    f"{path} belongs to another run: for the {part} it holds {old}, where this one "
                    f"has {new}. Build what was saved, or choose another name for the checkpoint."
                )
    if optimizer is not None:
        _take_up(path, state, optimizer, scheduler, settings)
        _restore(state["random"], _generators(loaders))
    model.load_state_dict(state["model"])
    return {key: state[key] for key in ("epoch", "step", "history", "version", "torch")}


def _take_up(path, state, optimizer, scheduler, settings):
    if settings == "new":
        try:
            return go_on(optimizer, scheduler, state["optimizer"], state["step"])
        except ValueError as error:
            raise CheckpointError(f"{path} cannot go on with these settings: {error}.") from error
    asked = optimizer.state_dict(), scheduler and scheduler.state_dict()
    if found := differences((state["optimizer"], state["scheduler"]), asked):
        raise CheckpointError(
            f"{path} was trained with other settings: {'; '.join(found[:3])}. Ask for those, name "
            'another file, or go on with the new ones on purpose: settings="new".'
        )
    optimizer.load_state_dict(state["optimizer"])
    if scheduler is not None:
        scheduler.load_state_dict(state["scheduler"])


def _outline(model, optimizer, scheduler, loaders):
    """Return what a checkpoint and the run that takes it up must have in common, in order."""
    entries = {name: (str(v.dtype), tuple(v.shape)) for name, v in model.state_dict().items()}
    outline = {"model": entries}
    if optimizer is not None:
        names = {id(parameter): name for name, parameter in model.named_parameters()}
        members = {"kind": type(optimizer).__name__}
        for number, group in enumerate(optimizer.param_groups):
            members |= {names.get(id(p), "other"): f"in group {number}" for p in group["params"]}
        outline["optimizer"] = members
        outline["scheduler"] = {"kind": scheduler and _kind(scheduler)}
        outline["loaders"] = {"generators": len(_generators(loaders))}
    return outline


def _kind(scheduler):
    inner = ", ".join(map(_kind, getattr(scheduler, "_schedulers", ())))
    return type(scheduler).__name__ + f"({inner})" * bool(inner)


def _generators(loaders):
    """Return the generators that decide the loaders' order, each of them once."""
    found = {}
    for loader in loaders:
        batch_sampler = getattr(loader, "batch_sampler", None)
        samplers = getattr(loader, "sampler", None), getattr(batch_sampler, "sampler", None)
        for owner in (loader, *samplers):
            if isinstance(generator := getattr(owner, "generator", None), torch.Generator):
                found[id(generator)] = generator
    return list(found.values())


def _random_states(loaders):
    kind, numbers, *rest = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": (kind, numbers.tolist(), *rest),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        "mps": torch.mps.get_rng_state() if torch.backends.mps.is_available() else None,
        "loaders": [generator.get_state() for generator in _generators(loaders)],
    }


@contextmanager
def random_states_kept(loaders):
    """Put all random states back afterwards, and the generators that decide the loaders' order."""
    states = _random_states(loaders)
    try:
        yield
    finally:
        _restore(states, _generators(loaders))


def _restore(states, generators):
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])
    torch.set_rng_state(states["torch"])
    for device, state in enumerate(states["cuda"][: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(state, device)
    if states["mps"] is not None and torch.backends.mps.is_available():
        torch.mps.set_rng_state(states["mps"])
    for generator, state in zip(generators, states["loaders"], strict=True):
        generator.set_state(state)
