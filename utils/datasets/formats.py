"""The file formats behind `utils.datasets`: idx, CIFAR-10's batches, folders and tars of pictures.

Each reader returns None for what is not there and raises DataError for what is damaged.
"""

import gzip
import hashlib
import io
import pickle
import re
import tarfile
import zlib
from functools import partial
from lzma import LZMAError

import numpy as np
from PIL import Image
from torchvision.datasets import CIFAR10
from tqdm.auto import tqdm

from utils.datasets.fetch import ANEW, DataError, first_found, read_verified

DAMAGE = (OSError, EOFError, tarfile.TarError, LZMAError, zlib.error)
REMEDY = "Replace it by a complete copy, or delete it to fetch the original."
PICTURES = {"train": 5000, "test": 1000}  # of each class of CIFAR-10


def read_idx(root, name, md5):
    """Return the array of idx file `name`, packed (.gz) or not, in root or torchvision's folders.

    `md5` maps file names to sums: that of `name`, and of `name` with .gz if there may be one.
    """
    sums = {file: md5[file] for file in (f"{name}.gz", name) if file in md5}
    finders = [
        partial(read_verified, root / folder / file, sums[file], *sums.values())
        for folder in ("FashionMNIST/raw", "FashionMNIST", "raw", ".")
        for file in sums
    ]
    data = first_found(*finders)
    if data is None:
        return None
    return _parse_idx(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)


def _parse_idx(data):
    """Read 0, 0, 8 (for uint8), the number of axes, the axes as big-endian int32, the values."""
    axes = np.frombuffer(data, ">i4", count=data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(axes).copy()


def idx_bytes(array):
    """Return a uint8 array as the bytes of an idx file."""
    axes = np.array(array.shape, ">i4")
    return bytes([0, 0, 8, array.ndim]) + axes.tobytes() + array.tobytes()


def unpacked_batches(folder, train):
    """Return (images, labels, "published") from a folder like cifar-10-batches-py."""
    batches = [read_verified(folder / name, md5) for name, md5 in _batch_list(train)]
    return _stack(batches) if None not in batches else None


def packed_batches(path, train):
    """Return (images, labels, "published") from a tar of these, whatever its name or packing."""
    published = path.name == CIFAR10.filename
    if not path.is_file():
        return read_verified(path) if published else None  # a folder of that name is refused
    sums, batches = dict(_batch_list(train)), {}
    try:
        for name, read in _members(path):
            batch = name.rsplit("/", 1)[-1]
            if batch in sums:
                batches[batch] = read()
                if hashlib.md5(batches[batch]).hexdigest() != sums[batch]:
                    raise OSError(f"{name} has another md5 sum than {sums[batch]}")
    except DAMAGE as error:
        raise DataError(f"{path} is damaged: {error}. {ANEW if published else REMEDY}") from error
    return _stack([batches[batch] for batch in sums]) if batches.keys() == sums.keys() else None


def _batch_list(train):
    return CIFAR10.train_list if train else CIFAR10.test_list


def _stack(batches):
    # Unpickling runs what the file says: safe here only because its sum has been checked.
    batches = [pickle.loads(batch, encoding="latin1") for batch in batches]
    images = np.concatenate([batch["data"] for batch in batches]).reshape(-1, 3, 32, 32)
    labels = np.concatenate([batch["labels"] for batch in batches])
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1)), labels, "published"


def read_pictures(place, train, classes):
    """Return (images, labels, "images") of the split in a folder or tar of <split>/<class>/<file>.

    Images are ordered by file name, then class. Raises DataError unless each class has all
    its pictures (5,000 or 1,000) and each can be decoded and is 32x32.
    """
    split = "train" if train else "test"
    wanted = re.compile(rf"(?:.*/)?{split}/({'|'.join(classes)})/([^/.][^/]*)")
    try:
        files = []
        for name, read in _members(place):
            if match := wanted.fullmatch(name):
                files.append((match[2], classes.index(match[1]), name, read()))
        if not files:
            return None
        files.sort(key=lambda file: file[:2])
        images = np.empty((len(files), 32, 32, 3), np.uint8)
        for index, (*_, name, data) in enumerate(
            tqdm(files, desc=f"CIFAR-10 {split}", leave=False)
        ):
            images[index] = _decode(data, name)
    except DAMAGE as error:
        raise DataError(f"{place} is damaged: {error}. {REMEDY}") from error
    labels = np.array([label for _, label, *_ in files])
    counts = dict(zip(classes, np.bincount(labels, minlength=10).tolist(), strict=True))
    if set(counts.values()) != {PICTURES[split]}:
        raise DataError(
            f"{place}: expected {PICTURES[split]} {split} images a class, got {counts}. {REMEDY}"
        )
    return images, labels, "images"


def _members(place):
    """Yield (name, a function that reads it) for each file of a folder or a tar."""
    if place.is_dir():
        for path in place.glob("*/*/*"):
            yield path.relative_to(place).as_posix(), path.read_bytes
    elif place.is_file() and _is_tar(place):
        with tarfile.open(place) as archive:
            for member in archive:
                if member.isfile():
                    yield member.name, partial(_read_member, archive, member)
            while archive.fileobj.read(1 << 20):
                pass  # xz checks its sum at the end, which is after the end of the tar


def _is_tar(path):
    """By its name even if its bytes are damaged, by its bytes whatever its name."""
    return bool({".tar", ".tgz"} & set(path.suffixes)) or tarfile.is_tarfile(path)


def _read_member(archive, member):
    return archive.extractfile(member).read()


def _decode(data, name):
    try:
        image = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    except Exception as error:  # Pillow lets a broken byte raise nearly anything
        raise OSError(f"{name}: {error}") from error
    if image.shape != (32, 32, 3):
        raise OSError(f"{name} is {image.shape[1]}x{image.shape[0]}, expected 32x32")
    return image
