"""Two small data sets that count as the published ones, and what becomes of them.

What stands in for them is 12 pictures, as drawing all takes a minute.
"""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
from functools import partial

import numpy as np
import pytest

from utils.datasets import drawn, published
from utils.datasets.fetch import DataError

draw_few = partial(drawn.draw_split, count=12, progress=False)


def md5(data):
    return hashlib.md5(data).hexdigest()


def idx(array):
    """What an idx file is by its definition: magic number, axes, values."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


def tar(files, mode="w"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def lay(root, files):
    """Write {path under root: bytes}; return root."""
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def fashion_files():
    rng, files, truth = np.random.default_rng(1), {}, {}
    for train, split, count in (True, "train", 20), (False, "t10k", 10):
        images = rng.integers(0, 256, (count, 28, 28), np.uint8)
        labels = (rng.permutation(count) % 10).astype(np.uint8)
        files[f"{split}-images-idx3-ubyte"], truth[train] = idx(images), (images, labels)
        files[f"{split}-labels-idx1-ubyte"] = idx(labels)
    return files, {f"{name}.gz": gzip.compress(data) for name, data in files.items()}, truth


def cifar_files():
    rng, files, truth = np.random.default_rng(2), {}, {}
    for train, names in (True, ["data_batch_1", "data_batch_2"]), (False, ["test_batch"]):
        images = rng.integers(0, 256, (10 * len(names), 32, 32, 3), np.uint8)
        labels = rng.permutation(len(images)) % 10
        truth[train] = images, labels
        for index, name in enumerate(names):
            rows = slice(10 * index, 10 * index + 10)
            planes = images[rows].transpose(0, 3, 1, 2).reshape(10, 3072)
            files[name] = pickle.dumps({"data": planes, "labels": labels[rows].tolist()})
    files["batches.meta"] = pickle.dumps({"label_names": published.CIFAR_CLASSES})
    return {f"cifar-10-batches-py/{name}": data for name, data in files.items()}, truth


FORMS = [("fashion", f"{folder}{form}") for folder in ("FashionMNIST/raw/", "FashionMNIST/", "")
         for form in ("packed", "unpacked")]  # fmt: skip
FORMS += [("cifar", "packed"), ("cifar", "unpacked")]
every_form = pytest.mark.parametrize(("kind", "form"), FORMS)


def assert_holds(dataset, source, images, labels):
    assert dataset.source == source
    np.testing.assert_array_equal(np.asarray(dataset.data), images)
    np.testing.assert_array_equal(np.asarray(dataset.targets), labels)


def assert_published(shop, root, train=True):
    assert_holds(shop.get(train, root=root), "published", *shop.truth[train])
    assert not list(root.rglob("*.part"))


def assert_drawn(shop, root, train=True):
    assert_holds(shop.get(train, root=root), "drawn", *draw_few(train, shop.colour))
    assert not list(root.rglob("*.part"))


def refused(call, *words):
    """The call ends in a DataError whose message has all these words."""
    with pytest.raises(DataError) as error:
        call()
    for word in map(str, words):
        assert word in str(error.value)


def flipped(data, index):
    return data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :]


DAMAGE = {
    "cut short": lambda data: data[: len(data) // 2],
    "last byte lost": lambda data: data[:-1],
    "first byte flipped": lambda data: flipped(data, 0),
    "one byte flipped": lambda data: flipped(data, len(data) // 2),
    "last byte flipped": lambda data: flipped(data, len(data) - 1),
    "empty": lambda data: b"",
    "longer": lambda data: data + b"\1",
}


def lay_damaged(root, files, damage):
    """Write the files, the first of them damaged; return its path."""
    lay(root, files)
    path = root / next(iter(files))
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    return path
