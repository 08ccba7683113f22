"""The file of a checkpoint: read whole or not at all, nothing executed, others' files named."""

import hashlib
import io
import re
import warnings
import zipfile
from pathlib import Path

import torch

VERSION = 1
DIGEST = 32  # bytes of SHA-256 that stand after what torch.save wrote; torch.load skips them


class CheckpointError(RuntimeError):
    """A checkpoint cannot be written, read or used; the message names the file and the remedy."""


def read(path):
    """Return what save_checkpoint wrote to `path`; raise CheckpointError for all else."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from error
    body, digest = data[:-DIGEST], data[-DIGEST:]
    if hashlib.sha256(body).digest() != digest:
        if known := _in_words(data):
            raise CheckpointError(f"{path} is no checkpoint of this course: it holds {known}.")
        raise CheckpointError(
            f"{path} is damaged, cut short or not written by save_checkpoint ({len(data):,} bytes "
            "with a wrong checksum). Move it away and train anew, or name another file."
        )
    state = parse(body, path, "Nothing of it was executed. Use it only if you trust its writer.")
    if state.get("version") != VERSION:
        raise CheckpointError(
            f"{path} has format {state.get('version')!r}, written with torch {state.get('torch')}; "
            f"this course reads format {VERSION}. Update the course, or name another file."
        )
    return state


def _in_words(data):
    """Return what others' files hold, and how that is loaded; None for what cannot be told."""
    if data[8:10] == b'{"':
        return "weights in the safetensors format, for safetensors.torch.load_file"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a program is better loaded otherwise: see below
            found = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever the bytes led it to
        if any(name.endswith("constants.pkl") for name in _names(data)):
            return "a TorchScript program, for torch.jit.load"
        foreign = "GLOBAL" in str(error) and b"outline" not in data  # ours, damaged, has the word
        remedy = "for torch.load(path, weights_only=False) if you trust its writer"
        return f"a whole pickled object, {remedy}; keep its state_dict()" if foreign else None
    if _are_weights(found):
        return f"the weights of a model, {len(found)} tensors, for model.load_state_dict(" \
               "torch.load(path, weights_only=True))"  # fmt: skip
    if isinstance(found, dict) and "outline" not in found:
        inside = [f"; [{name!r}] are the weights" for name in found if _are_weights(found[name])]
        entries = ", ".join(map(str, list(found)[:6]))
        return (
            f"the entries {entries}, for torch.load(path, weights_only=True){''.join(inside[:1])}"
        )
    return None


def _are_weights(found):
    tensors = found.values() if isinstance(found, dict) else [None]
    return all(isinstance(value, torch.Tensor) for value in tensors)


def _names(data):
    try:
        return zipfile.ZipFile(io.BytesIO(data)).namelist()
    except Exception:  # as above, and so does zipfile
        return []


def parse(data, what, remedy):
    """Return the plain values that torch.save wrote as `data`, and execute nothing."""
    try:
        return dict(torch.load(io.BytesIO(data), map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises whatever the bytes led it to
        code = re.search(r"GLOBAL (\S+)", str(error))
        raise CheckpointError(
            f"{what} holds more than tensors and plain values: "
            f"{code[1] if code else 'an unknown format'}. {remedy}"
        ) from error
