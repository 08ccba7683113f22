"""What a function finds around it: tensors on another device, and the common random sequences."""

import random
from contextlib import contextmanager

import torch
from torch.overrides import TorchFunctionMode

from utils.exercises.compare import WrongAnswer


class OneDevice(TorchFunctionMode):
    """Refuses tensors of several devices, as a GPU does; `meta` alone would let some pass."""

    def __torch_function__(self, function, types, args=(), kwargs=None):
        tensors = [value for value in args if isinstance(value, torch.Tensor) and value.ndim]
        devices = sorted({tensor.device.type for tensor in tensors})
        if len(devices) > 1 and getattr(function, "__name__", "") not in ("to", "type_as", "copy_"):
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices, "
                + " and ".join(devices)
            )
        return function(*args, **(kwargs or {}))


def result_follows(function, pictures, weights, bias):
    """Raise WrongAnswer unless the scores of `pictures` come on the other device of `weights`."""
    begin = f"with the weights on another device ({weights.device.type})"
    try:
        with OneDevice():
            place = function(pictures, weights, bias).device.type
    except Exception as error:
        said = str(error).rstrip(".!")
        raise WrongAnswer(
            f"{begin} your function stops: {type(error).__name__}: {said}. Move the pictures, not "
            "the weights: `pictures.to(weights.device)` returns the moved tensor, so give it a name"
        ) from error
    if place != weights.device.type:
        raise WrongAnswer(
            f"{begin} the result is on {place}. Move the pictures, not the weights: "
            "`pictures.to(weights.device)`"
        )


@contextmanager
def common_sequences_untouched():
    """Raise WrongAnswer if PyTorch's or Python's random numbers are set or drawn; put them back."""
    before = torch.get_rng_state(), random.getstate()
    try:
        yield
        if not torch.equal(before[0], torch.get_rng_state()) or before[1] != random.getstate():
            raise WrongAnswer(
                "after the call, others draw other numbers than without it: the common random "
                "sequence was set or used. Draw from a generator of your own"
            )
    finally:
        torch.set_rng_state(before[0])
        random.setstate(before[1])
