"""A damaged file is never read: it is fetched again, or named in an error with the remedy."""

import pickle
import tempfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets.mirror import broken, whole
from tests.datasets.shop import (
    DAMAGE,
    assert_drawn,
    assert_published,
    every_form,
    fashion_files,
    flipped,
    lay,
    lay_damaged,
    md5,
    refused,
)
from utils.datasets import formats


@every_form
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_named_or_fetched_again(
    kind, form, damage, request, monkeypatch, tmp_path
):
    shop = request.getfixturevalue(kind)
    path = lay_damaged(tmp_path, shop.forms[form], damage)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    refused(lambda: shop.get(root=tmp_path), path, "is damaged", "Delete it", "COURSE_OFFLINE")
    monkeypatch.delenv("COURSE_OFFLINE")
    assert_published(shop, tmp_path)


@every_form
def test_the_remedy_for_damage_works_offline(kind, form, request, offline, tmp_path):
    shop = request.getfixturevalue(kind)
    path = lay_damaged(tmp_path, shop.forms[form], "cut short")
    refused(lambda: shop.get(root=tmp_path), path)
    path.unlink()
    assert_drawn(shop, tmp_path)


@every_form
def test_a_damaged_file_and_a_failing_mirror_are_both_named(kind, form, request, mirror, tmp_path):
    shop = request.getfixturevalue(kind)
    path = lay_damaged(tmp_path, shop.forms[form], "one byte flipped")
    mirror.answer = broken
    refused(lambda: shop.get(root=tmp_path), path, "is damaged", mirror.url, "500")
    mirror.answer = whole
    assert_published(shop, tmp_path)


def test_an_intact_copy_beside_a_damaged_one_is_read(shop, offline, tmp_path):
    for form in shop.forms:
        root = tmp_path / form.replace("/", "-")
        for other in shop.forms.values():
            lay(root, other)
        lay_damaged(root, shop.forms[form], "one byte flipped")
        assert_published(shop, root)


def test_damage_to_one_split_leaves_the_other(fashion, offline, tmp_path):
    lay_damaged(tmp_path, fashion.forms["packed"], "cut short")
    assert_published(fashion, tmp_path, train=False)


def test_a_folder_in_place_of_a_file_is_named(shop, offline, tmp_path):
    path = tmp_path / next(iter(shop.forms["packed"]))
    path.mkdir()
    refused(lambda: shop.get(root=tmp_path), path, "cannot be read", "COURSE_DATA")
    path.rmdir()
    assert_drawn(shop, tmp_path)


def test_a_damaged_pickle_is_not_run(cifar, offline, tmp_path):
    """A pickle is a program: what has another sum must not even be opened."""

    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    batch = tmp_path / "cifar-10-batches-py" / "data_batch_1"
    lay(tmp_path, cifar.forms["unpacked"])
    batch.write_bytes(pickle.dumps(Trap()))
    refused(lambda: cifar.get(root=tmp_path), batch, "is damaged")
    assert not (tmp_path / "sprung").exists()


UNPACKED, PACKED, _ = fashion_files()
damaged_bytes = st.sampled_from(sorted({**UNPACKED, **PACKED}.items())).flatmap(
    lambda file: st.tuples(
        st.just(file),
        st.integers(0, len(file[1]) - 1),
        st.sampled_from(["cut", "flip", "insert"]),
    )
)


@given(damaged_bytes)
@settings(deadline=None, max_examples=60)
def test_no_damage_anywhere_is_read_as_an_array(case):
    (name, data), index, damage = case
    changed = {
        "cut": data[:index],
        "flip": flipped(data, index),
        "insert": data[:index] + b"!" + data[index:],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(changed[damage])
        refused(partial(formats.read_idx, path.parent, path.stem, {name: md5(data)})
                if name.endswith(".gz")
                else partial(formats.read_idx, path.parent, name, {name: md5(data)}),
                path, "is damaged")  # fmt: skip
