"""A file that is damaged or made to do harm is refused; nothing of it is executed or loaded."""

import hashlib
import io
import os
import pickle
import random
import tarfile

import pytest
import torch

from tests.training.test_checkpoints import prepare, refused
from tests.training.test_loop import network, one_thread  # noqa: F401
from utils.training import CheckpointError, load_checkpoint, save_checkpoint


@pytest.fixture
def path(tmp_path):
    save_checkpoint(tmp_path / "run.pt", **prepare())
    return tmp_path / "run.pt"


def sealed(data):
    """The bytes as save_checkpoint would end them."""
    return data + hashlib.sha256(data).digest()


def saved(value, **options):
    file = io.BytesIO()
    torch.save(value, file, **options)
    return file.getvalue()


class Harm:
    """Unpickling this would run a command."""

    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


def tar_of_old(value):
    """The form in which torch saved before version 0.2."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name in "sys_info", "pickle", "storages", "tensors":
            data = pickle.dumps(value)
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


FORMS = {
    "torch": saved,
    "torch before 1.6": lambda value: saved(value, _use_new_zipfile_serialization=False),
    "torch before 0.2": tar_of_old,
    "pickle": lambda value: pickle.dumps(value, 2),
    "pickle in ASCII": lambda value: pickle.dumps(value, 0),
}


@pytest.mark.parametrize("digest", [sealed, bytes], ids=["sealed", "bare"])
@pytest.mark.parametrize("form", FORMS)
def test_code_is_refused_and_not_executed(form, digest, tmp_path, path):
    victim = tmp_path / "executed"
    harm = Harm(os.system, f"touch {victim}")
    for value in harm, {"version": 1, "model": harm}:
        path.write_bytes(digest(FORMS[form](value)))
        words = ["more than tensors and plain values", "Nothing of it was executed"]
        if digest is bytes:
            words = []  # named as what it is where that can be told, refused in any case
        elif form.startswith("torch") and form != "torch before 0.2":
            words.append("posix.system" if os.name == "posix" else "nt.system")
        refused(path, *words)
    assert not victim.exists()
    pickle.loads(pickle.dumps(harm))
    assert victim.exists()  # so it could have been


def program():
    file = io.BytesIO()
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.ones(1, 2)), file)
    return file.getvalue()


NO_CHECKPOINTS = {
    "a state dict": (saved(network().state_dict()), "the weights of a model, 9 tensors, for model"),
    "another's checkpoint": (saved({"epoch": 3, "net": network().state_dict()}), "['net'] are the"),
    "a bare module": (saved(network()), "a whole pickled object"),
    "a program": (program(), "a TorchScript program, for torch.jit.load"),
    "safetensors": (
        b"\x28" + bytes(7) + b'{"weight":{"dtype":"F32"}}',
        "safetensors.torch.load_file",
    ),
    "a bare tensor": (saved(torch.ones(3)), "is damaged"),
    "a sealed state dict": (sealed(saved(network().state_dict())), "has format None"),
    "a sealed tensor": (sealed(saved(torch.ones(3))), "more than tensors"),
    "a sealed list": (sealed(saved([1, 2])), "more than tensors"),
    "a sealed nothing": (sealed(b""), "more than tensors"),
    "a module": (sealed(saved(network())), "torch.nn.modules.container.Sequential"),
    "text": (b"epoch,loss\n1,0.5\n", "17 bytes with a wrong checksum"),
    "nothing": (b"", "0 bytes with a wrong checksum"),
}


@pytest.mark.parametrize(("data", "word"), NO_CHECKPOINTS.values(), ids=NO_CHECKPOINTS)
def test_what_is_no_checkpoint_is_refused(data, word, path):
    path.write_bytes(data)
    refused(path, word)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path, network())
    assert "elete" not in str(caught.value)  # nobody is told to delete what may be good
    assert path.read_bytes() == data


def test_a_newer_format_is_refused(path):
    newer = torch.load(path, weights_only=True) | {"version": 2, "torch": "9.0"}
    path.write_bytes(sealed(saved(newer)))
    refused(path, "format 2, written with torch 9.0", "reads format 1", "Update the course")


def test_what_is_not_there_or_a_folder_is_named(tmp_path):
    refused(tmp_path / "none.pt", "cannot be read", "No such file")
    refused(tmp_path, "cannot be read", "directory")


def test_a_checkpoint_cut_short_is_refused(path):
    whole = path.read_bytes()
    for length in (1, 31, 32, 33, len(whole) // 2, len(whole) - 32, len(whole) - 1):
        path.write_bytes(whole[:length])
        refused(path, "is damaged", f"{length:,} bytes")


def test_no_flipped_bit_is_overlooked(path):
    whole = path.read_bytes()
    rng, length = random.Random(0), len(whole)
    for place in [0, length - 33, length - 32, length - 1, *rng.sample(range(length), 40)]:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        refused(path, "is damaged", f"{length:,} bytes")
