"""Which device to train on, and which one a model is on."""

import os
from itertools import chain

import torch


def pick_device():
    """Return the torch.device to train on: COURSE_DEVICE if set, else cuda, else mps, else cpu.

    A device that is there and cannot compute, as with an old driver, is passed over and named.
    Raises ValueError if COURSE_DEVICE names a device that is not there, or that cannot compute.
    """
    found = ["cpu"]
    if torch.backends.mps.is_available():
        found.insert(0, "mps")
    if torch.cuda.is_available():
        found[:0] = ["cuda", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
    if wanted := os.environ.get("COURSE_DEVICE"):
        if wanted not in found:
            choice = " or ".join(found)
            raise ValueError(f"COURSE_DEVICE is {wanted!r}; on this machine it can be {choice}")
        if reason := _failure(wanted):
            raise ValueError(f"COURSE_DEVICE is {wanted!r}, which cannot compute here: {reason}")
        return torch.device(wanted)
    for name in [name for name in found if ":" not in name]:
        if not (reason := _failure(name)):
            return torch.device(name)
        print(f"{name} is there and cannot compute ({reason}): going on without it.")


def _failure(name):
    """Return what a small computation on the device ends in, None if all is well."""
    try:
        ones = torch.ones(2, 2, device=name)
        (ones @ ones).sum().item()  # looks at the result: a GPU's errors come late
    except (RuntimeError, AssertionError) as error:  # the latter from a torch without that device
        return str(error).strip().partition("\n")[0].rstrip(".")
    return None


def device_of(model):
    """Return the device of the model's first parameter or buffer, the CPU if it has none."""
    held = chain(model.parameters(), model.buffers())
    return next((tensor.device for tensor in held), torch.device("cpu"))
