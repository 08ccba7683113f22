"""What a call leaves changed: inside its arguments, however nested, and in what it finds around."""

import os
import random
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


def _set_default_device(device):
    """Only None takes PyTorch's watch over every new tensor off again."""
    torch.set_default_device(None if device == torch.device("cpu") else device)


SEQUENCES = {
    "PyTorch's random sequence": (torch.get_rng_state, torch.set_rng_state),
    "Python's random sequence": (random.getstate, random.setstate),
    "NumPy's random sequence": (np.random.get_state, np.random.set_state),
}
SETTINGS = {
    "whether gradients are recorded": (torch.is_grad_enabled, torch.set_grad_enabled),
    "the number of threads": (torch.get_num_threads, torch.set_num_threads),
    "the default dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "the default device": (torch.get_default_device, _set_default_device),
    "the working folder": (os.getcwd, os.chdir),
    "whether anomalies are looked for": (torch.is_anomaly_enabled, torch.set_anomaly_enabled),
    "whether algorithms are deterministic": (
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
    ),
}
GLOBAL_HOOKS = [name for name in vars(nn.modules.module) if name.endswith("_hooks")]
SINGLE = (type, type(lambda: 0), type(len), type(torch), torch.dtype)  # copies are themselves


def difference_inside(before, after, name, seen=()):
    """Return (name of the first part that differs, its value before, and after), or None."""
    if (before is after and not isinstance(after, list | dict | set)) or id(after) in seen:
        return None
    seen, found = (*seen, id(after)), (name, before, after)
    if type(before) is not type(after):
        return found
    if isinstance(after, torch.Tensor):
        return _tensor(before, after, name)
    if isinstance(after, np.ndarray):
        return None if _same_array(before, after) else found
    if isinstance(after, torch.Generator):
        return None if torch.equal(before.get_state(), after.get_state()) else found
    if isinstance(after, dict):
        if list(before) != list(after):
            return found
        return _first((before[key], after[key], f"{name}[{key!r}]") for key in after)(seen)
    if isinstance(after, list | tuple):
        if len(before) != len(after):
            return found
        pairs = enumerate(zip(before, after, strict=True))
        return _first((*pair, f"{name}[{place}]") for place, pair in pairs)(seen)
    if isinstance(after, nn.Module):
        return _module(before, after, name, seen)
    if isinstance(after, SINGLE):
        return found
    if hasattr(after, "__dict__"):
        inside = {key: value for key, value in vars(before).items()}
        if list(inside) != list(vars(after)):
            return found
        parts = ((inside[key], value, f"{name}.{key}") for key, value in vars(after).items())
        return _first(parts)(seen)
    comparable = type(after).__eq__ is not object.__eq__
    return found if comparable and before != after and after == after else None


def _first(parts):
    def look(seen):
        found = (difference_inside(*part, seen) for part in parts)
        return next(filter(None, found), None)

    return look


def _same_array(before, after):
    return before.dtype == after.dtype and np.array_equal(
        before, after, equal_nan=after.dtype.kind in "fc"
    )


def _tensor(before, after, name):
    if before.requires_grad != after.requires_grad:
        return f"{name}.requires_grad", before.requires_grad, after.requires_grad
    alike = before.shape == after.shape and before.dtype == after.dtype
    with torch.no_grad():
        if not alike or not torch.allclose(before, after, rtol=0, atol=0, equal_nan=True):
            return name, before.detach(), after.detach()
    if not after.is_leaf:
        return None
    return difference_inside(before.grad, after.grad, f"{name}.grad")


def _module(before, after, name, seen):
    for part in ("training", *(key for key in vars(after) if key.endswith("_hooks"))):
        was, now = vars(before)[part], vars(after)[part]
        if was != now if part == "training" else list(was) != list(now):
            return f"{name}.{part}", was, now
    kinds = ("_parameters", "_buffers", "_modules")
    inner = [(vars(before)[kind], vars(after)[kind]) for kind in kinds]
    for was, now in inner:
        if list(was) != list(now):
            return name, list(was), list(now)
    parts = [(was[key], now[key], f"{name}.{key}") for was, now in inner for key in now]
    skipped = {*kinds, "training", *(key for key in vars(after) if key.endswith("_hooks"))}
    mine = [key for key in vars(after) if key not in skipped and not key.startswith("_")]
    parts += [(vars(before).get(key), vars(after)[key], f"{name}.{key}") for key in mine]
    return _first(parts)(seen)


@contextmanager
def put_back():
    """Yield a function that names the settings changed since; put everything back at the end."""
    things = SEQUENCES | SETTINGS
    before = {name: get() for name, (get, _) in things.items()}
    hooks = {name: dict(getattr(nn.modules.module, name)) for name in GLOBAL_HOOKS}

    def changed(sequences=True):
        asked = things if sequences else SETTINGS
        found = [n for n, (get, _) in asked.items() if difference_inside(before[n], get(), n)]
        added = [n for n in GLOBAL_HOOKS if dict(getattr(nn.modules.module, n)) != hooks[n]]
        return found + ["the hooks of all modules"] * bool(added)

    try:
        yield changed
    finally:
        for name, (get, put) in things.items():
            if difference_inside(before[name], get(), name):
                put(before[name])
        for name in GLOBAL_HOOKS:
            kept = getattr(nn.modules.module, name)
            if dict(kept) != hooks[name]:
                kept.clear()
                kept.update(hooks[name])
