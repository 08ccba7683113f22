"""Files as people have them: packed otherwise, renamed, a folder too deep; never drawn over."""

import gzip
import io
import shutil
import tarfile

import pytest

from tests.datasets.shop import assert_drawn, assert_published, lay, refused
from utils.datasets import published

RAW = "FashionMNIST/raw/"


def packed(files, mode):
    """A tar of the files, packed as `mode` says."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def as_gz(data):
    return data if data[:2] == b"\x1f\x8b" else gzip.compress(data)


def as_plain(data):
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


@pytest.mark.parametrize(
    "change",
    [
        as_plain,
        as_gz,
        lambda data: gzip.compress(as_plain(data), 1),
        lambda data: as_gz(data) + b"\0",
    ],
    ids=["unpacked", "packed", "packed anew", "padded"],
)
@pytest.mark.parametrize("form", [f"{RAW}packed", f"{RAW}unpacked", "packed"])
def test_the_bytes_of_a_file_decide_and_not_its_name(change, form, fashion, offline, tmp_path):
    lay(tmp_path, {name: change(data) for name, data in fashion.forms[form].items()})
    assert_published(fashion, tmp_path)


def test_packed_bytes_that_are_wrong_inside_are_damaged(fashion, offline, tmp_path):
    files = fashion.forms[f"{RAW}packed"]
    lay(tmp_path, {name: gzip.compress(as_plain(data) + b"\1") for name, data in files.items()})
    refused(lambda: fashion.get(root=tmp_path), "is damaged", "Delete it")


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize(
    "name",
    ["cifar-10-python.tar.gz", "cifar-10-python.tar", "cifar10.tgz", "CIFAR-10", "cifar_10.tar.xz"],
)
def test_a_tar_of_the_batches_is_found_under_other_names(name, mode, cifar, offline, tmp_path):
    lay(tmp_path, {name: packed(cifar.forms["unpacked"], mode)})
    assert_published(cifar, tmp_path)
    assert_published(cifar, tmp_path, train=False)


def test_a_tar_with_wrong_batches_is_damaged(cifar, offline, tmp_path):
    files = {name: data + b"\1" for name, data in cifar.forms["unpacked"].items()}
    lay(tmp_path, {"cifar10.tgz": packed(files, "w:gz")})
    refused(
        lambda: cifar.get(root=tmp_path), "cifar10.tgz is damaged", "another md5 sum", "Replace"
    )


def test_another_dataset_s_tar_is_not_taken(cifar, offline, tmp_path):
    lay(tmp_path, {"cifar-100-python.tar.gz": packed(cifar.forms["unpacked"], "w:gz")})
    assert_drawn(cifar, tmp_path)


@pytest.mark.parametrize("form", ["packed", "unpacked"])
@pytest.mark.parametrize("deeper", ["FashionMNIST", "FashionMNIST/raw"])
def test_a_folder_too_deep_is_understood(deeper, form, fashion, offline, tmp_path):
    lay(tmp_path, fashion.forms[f"{RAW}{form}"])
    assert_published(fashion, tmp_path / deeper)
    assert not (tmp_path / deeper / "drawn").exists()


def test_a_folder_too_deep_is_understood_for_colour(cifar, offline, tmp_path):
    lay(tmp_path, cifar.forms["unpacked"])
    assert_published(cifar, tmp_path / "cifar-10-batches-py")


@pytest.mark.parametrize("folder", published.OWN)
def test_nothing_is_drawn_into_a_dataset_s_own_folder(folder, shop, offline, tmp_path):
    place = tmp_path / folder
    place.mkdir()
    (place / "something").write_bytes(b"real")
    refused(lambda: shop.get(root=place), place, "nothing is drawn into", "name the folder that")
    assert [path.name for path in place.iterdir()] == ["something"]


def test_an_empty_folder_of_any_name_is_drawn_into(fashion, offline, tmp_path):
    (tmp_path / "raw").mkdir()
    assert_drawn(fashion, tmp_path / "raw")


def test_what_looks_alike_and_is_not_read_is_named(shop, offline, tmp_path, capsys):
    name = "cifar-10.zip" if shop.colour else "fashion-mnist.zip"
    (tmp_path / name).write_bytes(b"PK")
    assert_drawn(shop, tmp_path)
    assert f"(what it holds, {name}, is something else)" in capsys.readouterr().out


def test_the_notice_comes_once_for_each_folder(shop, offline, tmp_path, capsys):
    roots = [tmp_path / "one", tmp_path / "two", tmp_path / "one"]
    for root in roots:
        shop.get(root=root)
        shop.get(train=False, root=root)
    said = [line for line in capsys.readouterr().out.splitlines() if "stand in for it" in line]
    assert [line.split(" is not in ")[1].split(" and ")[0] for line in said] == list(
        map(str, roots[:2])
    )
    shutil.rmtree(tmp_path / "one")
    shop.get(root=tmp_path / "two" / ".." / "two")
    assert "stand in" not in capsys.readouterr().out
