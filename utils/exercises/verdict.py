"""The verdicts of a check, and a value in few words for them."""

import torch


class Verdict(Exception):
    """What a check has to say of an answer that is not right."""


class NotAttempted(Verdict):
    """The stub is still as it was."""


class WrongAnswer(Verdict):
    """The message says what came, what was expected, and the likely mistake."""


def show(value):
    """Return a value in few words."""
    if isinstance(value, torch.Tensor) and value.numel() > 12:
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, set) and value and all(isinstance(item, str) for item in value):
        return "{" + ", ".join(map(repr, sorted(value))) + "}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 100 else f"{text[:97]}..."
