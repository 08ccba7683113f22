"""Fashion-MNIST and CIFAR-10 as torchvision datasets, verified, with an offline stand-in.

Each function looks in the data folder first, downloads what is not there, and without a
network draws garments of its own (`utils.datasets.drawn`), saying so in one sentence.
"""

import hashlib
import json
import os
import re
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torchvision import datasets

from utils.datasets import drawn, fetch, formats
from utils.datasets.fetch import DataError, DownloadError, locked

FASHION_MD5 = dict(datasets.FashionMNIST.resources) | {
    # torchvision lists the sums of the packed files only; these are of what is in them
    "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
    "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
    "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
}
CIFAR_CLASSES = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
]  # fmt: skip
_CIFAR_NAME = re.compile(r"cifar[-_ ]?10(?!0)", re.IGNORECASE)
OWN = ("FashionMNIST", "raw", "CIFAR10", "cifar-10-batches-py")  # folders of a dataset's own
_announced = set()


class FashionMNIST(datasets.FashionMNIST):
    """torchvision's dataset, filled from memory; `.source` is "published" or "drawn"."""

    def __init__(self, images, labels, source, train, transform):
        datasets.VisionDataset.__init__(self, root=None, transform=transform)
        self.train, self.source = train, source
        self.data = torch.from_numpy(images)
        self.targets = torch.from_numpy(labels.astype(np.int64))

    def extra_repr(self):
        return f"Split: {'Train' if self.train else 'Test'}\nSource: {self.source}"


class CIFAR10(datasets.CIFAR10):
    """torchvision's dataset, filled from memory; `.source`: "published", "images" or "drawn"."""

    def __init__(self, images, labels, source, train, transform):
        datasets.VisionDataset.__init__(self, root=None, transform=transform)
        self.train, self.source = train, source
        self.data, self.targets = images, labels.tolist()
        self.classes = list(drawn.COLOUR_CLASSES if source == "drawn" else CIFAR_CLASSES)
        self.class_to_idx = {name: index for index, name in enumerate(self.classes)}

    extra_repr = FashionMNIST.extra_repr


def fashion_mnist(train=True, transform=None, root=None):
    """Return Fashion-MNIST's 60,000 training or 10,000 test images as a torchvision dataset.

    `.data` is uint8 (N, 28, 28), `.targets` int64 (N,), `.classes` ten names. `.source` is
    "published" (the files of Xiao, Rasul and Vollgraf, 2017, checked byte for byte) or "drawn"
    (the offline stand-in). `root` overrides the data folder.

    Raises DataError, naming path, reason and remedy, when files are damaged or unwritable.
    """
    root = _checked(train, transform, root)
    split = "train" if train else "t10k"
    names = [f"{split}-images-idx3-ubyte", f"{split}-labels-idx1-ubyte"]

    def find():
        arrays = [formats.read_idx(root, name, FASHION_MD5) for name in names]
        return (*arrays, "published") if all(array is not None for array in arrays) else None

    def get():
        for name in names:
            path = root / "FashionMNIST" / "raw" / f"{name}.gz"
            fetch.download(path, datasets.FashionMNIST.mirrors, FASHION_MD5[path.name])

    arrays = _obtain("Fashion-MNIST", root, find, get, partial(_draw, root, train, colour=False))
    return FashionMNIST(*arrays, train, transform)


def cifar10(train=True, transform=None, root=None):
    """Return CIFAR-10's 50,000 training or 10,000 test images as a torchvision dataset.

    `.data` is a uint8 array (N, 32, 32, 3), `.targets` a list of N ints, `.classes` ten names.
    `.source` is "published" (the files of Krizhevsky, 2009, checked byte for byte), "images" (a
    folder or tar of pictures, cifar-10*/train/<class>/<file>: counted and decoded, though
    perhaps recompressed) or "drawn" (the offline stand-in, with class names of its own).

    Raises DataError, naming path, reason and remedy, when files are damaged or unwritable.
    """
    root = _checked(train, transform, root)
    reference = datasets.CIFAR10

    def find():
        named = [path for path in sorted(root.glob("*")) if _CIFAR_NAME.match(path.name)]
        places = [root / reference.base_folder, root / reference.filename, root, *named]
        readers = (
            formats.unpacked_batches,
            formats.packed_batches,
            partial(formats.read_pictures, classes=CIFAR_CLASSES),
        )
        return fetch.first_found(
            *(partial(read, place, train) for place in places for read in readers)
        )

    def get():
        mirror = reference.url.rsplit("/", 1)[0]
        fetch.download(root / reference.filename, [mirror], reference.tgz_md5)

    arrays = _obtain("CIFAR-10", root, find, get, partial(_draw, root, train, colour=True))
    return CIFAR10(*arrays, train, transform)


def _checked(train, transform, root):
    if not isinstance(train, bool):
        raise TypeError(f"train must be True (training split) or False (test split), got {train!r}")
    if transform is not None and not callable(transform):
        raise TypeError(f"transform must be a function of one image or None, got {transform!r}")
    if root is not None and not isinstance(root, str | os.PathLike):
        raise TypeError(f"root must be the path of a folder or None, got {root!r}")
    return fetch.data_folder(root)


def _obtain(name, root, find, get, draw):
    """Return (images, labels, source): found, else downloaded, else drawn."""
    damage, reason = None, "COURSE_OFFLINE is set"
    try:
        if found := find():
            return found
    except DataError as error:
        damage = error
    if os.environ.get("COURSE_OFFLINE", "0") in ("", "0"):
        try:
            with locked(root):
                get()
            return find()
        except DownloadError as error:
            reason = f"the download failed ({error})"
        except DataError as error:
            if not damage:
                raise
            reason = str(error).rstrip(".")
    if damage:
        raise DataError(f"{damage} Fetching it now was not possible: {reason}.") from damage
    alike = [path.name for path in sorted(root.glob("*")) if name[:5].lower() in path.name.lower()]
    if root.resolve().name in OWN and any(root.glob("*")):
        raise DataError(f"{root} holds no {name} that can be read, and nothing is drawn into a "
                        "dataset's own folder: name the folder that holds it.")  # fmt: skip
    if (name, root.resolve()) not in _announced:
        beside = f" (what it holds, {', '.join(alike)}, is something else)" if alike else ""
        print(f"{name} is not in {root}{beside} and {reason}: drawn pictures stand in for it.")
        _announced.add((name, root.resolve()))
    return draw()


def _draw(root, train, colour):
    """Return the stand-in, drawn once and kept in the published files' format with its sums."""
    folder = root / "drawn" / ("CIFAR10" if colour else "FashionMNIST") / "raw"
    split = "train" if train else "t10k"
    paths = [folder / f"{split}-images-idx{4 if colour else 3}-ubyte",
             folder / f"{split}-labels-idx1-ubyte"]  # fmt: skip
    stamp = folder / f"{split}.json"
    program = hashlib.md5(Path(drawn.__file__).read_bytes()).hexdigest()

    def find():
        try:
            sums = json.loads(stamp.read_text())
            arrays = [formats.read_idx(folder, path.name, sums) for path in paths]
            intact = sums["program"] == program and all(array is not None for array in arrays)
        except (OSError, ValueError, LookupError, TypeError, DataError):
            return None  # not there, damaged, or drawn by another version: drawn anew
        return (*arrays, "drawn") if intact else None

    def make():
        sums = {"program": program}
        for path, array in zip(paths, drawn.draw_split(train, colour=colour), strict=True):
            data = formats.idx_bytes(array)
            sums[path.name] = hashlib.md5(data).hexdigest()
            fetch.write_file(path, data)
        fetch.write_file(stamp, json.dumps(sums).encode())
        return find()

    if found := find():
        return found
    with locked(root):
        return find() or make()
