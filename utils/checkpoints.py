"""Checkpoints: everything that training needs to go on as if it had never stopped."""

import hashlib
import io
import pickle
import random
import re
from itertools import zip_longest
from pathlib import Path

import numpy as np
import torch

from utils.fetch import DataError, write_file

VERSION = 1
DIGEST = 32  # bytes of SHA-256 that stand after what torch.save wrote; torch.load skips them


class CheckpointError(RuntimeError):
    """A checkpoint cannot be written, read or used; the message names the file and the remedy."""


def save_checkpoint(path, model, optimizer, scheduler=None, *, step=0, history=(), loaders=()):
    """Write model, optimizer, scheduler, progress and every random state to `path`.

    `step` counts batches and `history` holds a record for each finished epoch; `loaders` are
    those whose generators belong to the run. The file is written under another name and renamed,
    so that `path` always holds a whole checkpoint. Raises CheckpointError if it cannot be written.
    """
    state = {
        "version": VERSION,
        "torch": str(torch.__version__),
        "model": model.state_dict(),
        "optimizer": {"name": type(optimizer).__name__, "state": optimizer.state_dict()},
        "scheduler": _scheduler_state(scheduler),
        "epoch": len(history),
        "step": step,
        "history": list(history),
        "random": _random_states(loaders),
    }
    file = io.BytesIO()
    torch.save(state, file)
    data = file.getvalue()
    data += hashlib.sha256(data).digest()
    try:
        write_file(Path(path), data, "Free some space, or choose another folder.")
    except DataError as error:
        raise CheckpointError(str(error)) from error


def load_checkpoint(path, model, optimizer=None, scheduler=None, *, loaders=()):
    """Read `path` into the model and return {"epoch", "step", "history", "torch", ...}.

    With an optimizer, all of training is put back where it stood: optimizer, scheduler, the
    random states of Python, NumPy, torch and its devices, and the generators of `loaders`.
    Without one, only the model changes. Code in a file is never executed (weights_only=True).

    Raises CheckpointError, before anything is changed, if the file cannot be read, is damaged,
    comes from a newer version of the course, or belongs to another model or optimizer.
    """
    state = _read(path)
    model_state = model.state_dict()
    _require_equal(path, "the model", _shapes(state["model"]), _shapes(model_state))
    if optimizer is not None:
        saved, here = state["optimizer"], optimizer.state_dict()
        _require_equal(path, "the optimizer", {"kind": saved["name"], **_groups(saved["state"])},
                       {"kind": type(optimizer).__name__, **_groups(here)})  # fmt: skip
        saved, here = state["scheduler"] or {}, _scheduler_state(scheduler) or {}
        _require_equal(
            path, "the schedule", {"kind": saved.get("name")}, {"kind": here.get("name")}
        )
        generators = _generators(loaders)
        _require_equal(path, "the loaders", {"generators": len(state["random"]["loaders"])},
                       {"generators": len(generators)})  # fmt: skip
    model.load_state_dict(state["model"])
    if optimizer is not None:
        optimizer.load_state_dict(state["optimizer"]["state"])
        if scheduler is not None:
            scheduler.load_state_dict(state["scheduler"]["state"])
        _restore(state["random"], generators)
    return {key: state[key] for key in ("epoch", "step", "history", "version", "torch")}


def _read(path):
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
    body, digest = data[:-DIGEST], data[-DIGEST:]
    if hashlib.sha256(body).digest() != digest:
        raise CheckpointError(
            f"{path} is damaged, cut short or not written by save_checkpoint ({len(data):,} bytes "
            "with a wrong checksum). Delete it and train anew, or name another file."
        )
    try:
        state = torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        code = re.search(r"GLOBAL (\S+)", str(error))
        raise CheckpointError(
            f"{path} holds more than tensors and plain values: {code[1] if code else 'code'}. "
            "Nothing of it was executed. Delete it, unless you know who wrote it."
        ) from error
    if state.get("version") != VERSION:
        raise CheckpointError(
            f"{path} has format {state.get('version')!r}, written with torch {state.get('torch')}; "
            f"this course reads format {VERSION}. Update the course, or name another file."
        )
    return state


def _require_equal(path, part, saved, here):
    """Name the first entry in which two dicts differ; the order of the entries counts."""
    for old, new in zip_longest(saved.items(), here.items()):
        if old != new:
            old, new = (f"{pair[0]} {pair[1]}" if pair else "nothing more" for pair in (old, new))
            raise CheckpointError(
                f"{path} belongs to another run: for {part} it holds {old}, where this one has "
                f"{new}. Build what was saved, or choose another name for the checkpoint."
            )


def _shapes(state):
    return {name: (str(value.dtype), tuple(value.shape)) for name, value in state.items()}


def _groups(state):
    sizes = [len(group["params"]) for group in state["param_groups"]]
    return {"parameters in each group": sizes}


def _scheduler_state(scheduler):
    if scheduler is None:
        return None
    return {"name": type(scheduler).__name__, "state": scheduler.state_dict()}


def _generators(loaders):
    """Return the generators that decide the loaders' order, each of them once."""
    found = {}
    for loader in loaders:
        for owner in (loader, getattr(loader, "sampler", None)):
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
