"""A data folder that cannot be written, and a full disk: named, and nothing half-written stays."""

import errno
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.datasets.shop import (
    assert_drawn,
    assert_published,
    every_form,
    lay,
    lay_damaged,
    refused,
)
from utils.datasets import DataError, fetch

NOBODY = 65534


@pytest.fixture
def public_folder():
    """A folder that any user can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def is_writable(folder):
    try:
        os.listdir(folder)
    except PermissionError:
        pytest.skip("other users cannot reach the folder for temporary files")
    try:
        (folder / "probe").touch()
    except PermissionError:
        return False
    return True


@contextmanager
def sealed(folder):
    """Make a folder read-only; as root, whom modes do not bind, become nobody meanwhile."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    folder.chmod(0o555)
    if is_root:
        os.seteuid(NOBODY)
    try:
        if is_writable(folder):
            pytest.skip("modes do not make a folder read-only on this system")
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o777)


@every_form
def test_a_read_only_folder_is_enough_to_read(kind, form, request, mirror, public_folder):
    shop = request.getfixturevalue(kind)
    lay(public_folder, shop.forms[form])
    with sealed(public_folder):
        assert_published(shop, public_folder)
    assert mirror.asked == []


@pytest.mark.parametrize("value", ["0", "1"])
def test_a_read_only_empty_folder_is_named(shop, value, monkeypatch, public_folder):
    monkeypatch.setenv("COURSE_OFFLINE", value)
    with sealed(public_folder):
        refused(lambda: shop.get(root=public_folder), public_folder, "cannot write",
                "Permission denied", "Set COURSE_DATA")  # fmt: skip
    (assert_drawn if value == "1" else assert_published)(shop, public_folder)


def test_damage_in_a_read_only_folder_is_named_as_damage(shop, public_folder):
    path = lay_damaged(public_folder, shop.forms["packed"], "cut short")
    with sealed(public_folder):
        refused(lambda: shop.get(root=public_folder), path, "is damaged", "cannot write",
                "Set COURSE_DATA")  # fmt: skip
    assert_published(shop, public_folder)


def test_a_read_only_folder_inside_is_named(fashion, public_folder):
    inside = public_folder / "FashionMNIST"
    inside.mkdir()
    with sealed(inside):
        refused(lambda: fashion.get(root=public_folder), inside, "Permission", "COURSE_DATA")
    assert_published(fashion, public_folder)


@pytest.mark.parametrize("value", ["0", "1"])
@pytest.mark.parametrize("below", ["", "deeper/still"])
def test_a_data_folder_that_is_a_file_is_named(shop, value, below, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_OFFLINE", value)
    blocked = tmp_path / "data"
    blocked.write_text("not a folder")
    root = blocked / below
    refused(lambda: shop.get(root=root), root, "COURSE_DATA",
            "directory" if below else "it is a file")  # fmt: skip
    assert blocked.read_text() == "not a folder"
    blocked.unlink()
    (assert_drawn if value == "1" else assert_published)(shop, root)


@pytest.mark.parametrize(("blocked", "value"), [
    ("FashionMNIST", "0"), ("FashionMNIST/raw", "0"), ("drawn", "1"), ("drawn/FashionMNIST", "1"),
])  # fmt: skip
def test_a_file_where_a_folder_inside_belongs_is_named(
    fashion, blocked, value, monkeypatch, tmp_path
):
    monkeypatch.setenv("COURSE_OFFLINE", value)
    lay(tmp_path, {blocked: b"not a folder"})
    refused(lambda: fashion.get(root=tmp_path), tmp_path / blocked, "cannot write", "COURSE_DATA")
    (tmp_path / blocked).unlink()
    (assert_drawn if value == "1" else assert_published)(fashion, tmp_path)


@contextmanager
def tiny_disk(root, monkeypatch):
    """A file system of 8 kB, less than any file of pictures here; yields how to enlarge it."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(root)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user cannot mount a small file system")
    try:
        yield partial(subprocess.run, ["mount", "-o", "remount,size=1m", str(root)], check=True)
    finally:
        subprocess.run(["umount", str(root)], check=True)


@contextmanager
def full_disk(root, monkeypatch):
    """Where nothing can be mounted: the system says that it cannot keep what was written."""

    def fsync(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        yield patch.undo


@pytest.mark.parametrize("value", ["0", "1"])
@pytest.mark.parametrize("disk", [tiny_disk, full_disk])
def test_a_full_disk_is_named_and_nothing_half_written_stays(
    shop, disk, value, monkeypatch, tmp_path
):
    monkeypatch.setenv("COURSE_OFFLINE", value)
    with disk(tmp_path, monkeypatch) as make_room:
        refused(lambda: shop.get(root=tmp_path), tmp_path, "No space left", "Free some space")
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size]
        make_room()
        (assert_drawn if value == "1" else assert_published)(shop, tmp_path)


class OpenElsewhere(PermissionError):
    """As Windows says it of a file that a virus scanner reads just now."""

    winerror = 32


@pytest.mark.parametrize(("failures", "error", "written"), [
    (3, OpenElsewhere, True),
    (10**6, OpenElsewhere, False),
    (1, PermissionError, False),
])  # fmt: skip
def test_a_file_open_elsewhere_is_waited_for(failures, error, written, tmp_path, monkeypatch):
    path, replace, calls = tmp_path / "file", os.replace, []

    def busy(part, path):
        calls.append(path)
        if len(calls) <= failures:
            raise error(13, "the file is in use")
        return replace(part, path)

    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setattr(os, "replace", busy)
    path.write_bytes(b"old")
    if written:
        fetch.write_file(path, b"new")
    else:
        with pytest.raises(DataError, match=r"cannot write .*the file is in use"):
            fetch.write_file(path, b"new")
    assert path.read_bytes() == (b"new" if written else b"old")
    assert list(tmp_path.iterdir()) == [path]
    assert len(calls) == (4 if written else 1 if error is PermissionError else 21)
