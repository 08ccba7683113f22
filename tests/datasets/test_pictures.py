"""CIFAR-10 as pictures: a folder or a tar of <split>/<class>/<file>."""

import io
import struct
import tempfile
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.datasets.shop import DAMAGE, assert_holds, lay, lay_damaged, refused, tar
from utils.datasets import formats, published


def png(array):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def pictures(cifar, monkeypatch):
    """Two pictures a class to train, one to test, and what they must be read as."""
    monkeypatch.setattr(formats, "PICTURES", {"train": 2, "test": 1})
    rng, files = np.random.default_rng(3), {}
    cifar.truth = {}
    for split, count in ("train", 2), ("test", 1):
        images = rng.integers(0, 256, (count, 10, 32, 32, 3), np.uint8)
        for number in range(count):
            for name, image in zip(published.CIFAR_CLASSES, images[number], strict=True):
                files[f"{split}/{name}/{number:04}.png"] = png(image)
        labels = np.tile(np.arange(10), count)
        cifar.truth[split == "train"] = images.reshape(-1, 32, 32, 3), labels
    cifar.pictures = files
    return cifar


def under(folder, files):
    return {f"{folder}/{name}": data for name, data in files.items()}


PLACES = {
    "a folder": lambda files: under("cifar-10-jpeg", files),
    "the data folder itself": lambda files: files,
    "tar": lambda files: {"cifar10.tar": tar(files)},
    "tar in a folder": lambda files: {"CIFAR-10-images.tar": tar(under("cifar10", files))},
    "tar.xz": lambda files: {"cifar-10-jpeg.tar.xz": tar(files, "w:xz")},
}


@pytest.mark.parametrize("place", PLACES)
def test_pictures_are_read_alike_in_every_form(place, pictures, mirror, tmp_path):
    lay(tmp_path, PLACES[place](pictures.pictures))
    for train in True, False:
        ours = pictures.get(train, root=tmp_path)
        assert_holds(ours, "images", *pictures.truth[train])
        assert ours.classes == published.CIFAR_CLASSES
    assert mirror.asked == []


def test_what_a_file_manager_leaves_behind_is_no_picture(pictures, tmp_path):
    lay(tmp_path, under("cifar10", {**pictures.pictures, "train/cat/.DS_Store": b"Bud1"}))
    assert_holds(pictures.get(root=tmp_path), "images", *pictures.truth[True])


def gigantic():
    """A PNG whose header, with a right sum, promises 4 billion pixels."""
    data = bytearray(png(BLACK))
    data[16:24] = struct.pack(">II", 1 << 16, 1 << 16)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


PICTURE = "train/frog/0001.png"
BLACK = np.zeros((32, 32, 3), np.uint8)
BAD_PICTURES = {
    "missing": None,
    "empty": b"",
    "a text": b"404: not found",
    "cut short": png(BLACK)[:-30],
    "too small": png(BLACK[:31]),
    # For these three Pillow raises ValueError, SyntaxError and an error of its own.
    "a broken header": png(BLACK)[:20],
    "a broken chunk": png(BLACK).replace(b"IDAT", b"\x89DAT"),
    "gigantic": gigantic(),
}


@pytest.mark.parametrize("place", ["a folder", "tar", "tar.xz"])
@pytest.mark.parametrize("fault", BAD_PICTURES)
def test_one_bad_picture_spoils_the_copy(fault, place, pictures, offline, monkeypatch, tmp_path):
    files = {**pictures.pictures, PICTURE: BAD_PICTURES[fault]}
    lay(tmp_path, PLACES[place]({name: data for name, data in files.items() if data is not None}))
    [where] = tmp_path.iterdir()
    named = "'frog': 1" if fault == "missing" else PICTURE
    refused(lambda: pictures.get(root=tmp_path), where, named, "Replace it")
    assert_holds(pictures.get(False, root=tmp_path), "images", *pictures.truth[False])
    monkeypatch.delenv("COURSE_OFFLINE")
    assert pictures.get(root=tmp_path).source == "published"


@pytest.mark.parametrize("place", ["a folder", "tar", "tar.xz"])
def test_one_picture_too_many_spoils_the_copy(place, pictures, offline, tmp_path):
    files = {**pictures.pictures, "train/frog/0002.png": pictures.pictures[PICTURE]}
    lay(tmp_path, PLACES[place](files))
    refused(lambda: pictures.get(root=tmp_path), tmp_path, "'frog': 3", "expected 2", "Replace it")


@pytest.mark.parametrize("damage", [damage for damage in DAMAGE if damage != "longer"])
def test_a_damaged_archive_of_pictures_is_named_or_fetched(
    damage, pictures, offline, monkeypatch, tmp_path
):
    path = lay_damaged(tmp_path, PLACES["tar.xz"](pictures.pictures), damage)
    refused(lambda: pictures.get(root=tmp_path), path, "is damaged", "Replace it", "delete it")
    monkeypatch.delenv("COURSE_OFFLINE")
    assert pictures.get(root=tmp_path).source == "published"


def jpeg_archive():
    """One JPEG a class: unlike PNG, it has no sum of its own that could notice a change."""
    rng, files = np.random.default_rng(4), {}
    for name in published.CIFAR_CLASSES:
        buffer = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8)).save(buffer, "JPEG")
        files[f"train/{name}/1.jpg"] = buffer.getvalue()
    return tar(files, "w:xz")


ARCHIVE = jpeg_archive()


@given(index=st.integers(0, len(ARCHIVE) - 1), bit=st.integers(0, 7))
@settings(deadline=None, max_examples=150)
def test_no_flipped_bit_of_an_archive_changes_a_picture(index, bit):
    """The sum of an xz file comes at its very end, where a reader of tars does not go by itself."""
    damaged = bytearray(ARCHIVE)
    damaged[index] ^= 1 << bit
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(formats, "PICTURES", {"train": 1})
        path = Path(folder) / "cifar10.tar.xz"
        read = partial(formats.read_pictures, path, True, published.CIFAR_CLASSES)
        path.write_bytes(ARCHIVE)
        assert read()[0].shape == (10, 32, 32, 3)
        path.write_bytes(damaged)
        refused(read, path)
