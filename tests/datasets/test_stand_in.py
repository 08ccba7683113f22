"""The drawn stand-in on disk: drawn once, and anew when it is damaged."""

import json
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.datasets.shop import DAMAGE, assert_drawn, draw_few, flipped
from utils.datasets import drawn, published


@pytest.mark.parametrize("kept", ["images", "labels", "json"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_stand_in_is_drawn_anew(shop, kept, damage, offline, tmp_path):
    assert_drawn(shop, tmp_path)
    [path] = (tmp_path / "drawn").rglob(f"train*{kept}*")
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert_drawn(shop, tmp_path)


@pytest.mark.parametrize("text", ["{}", "[]", "null", "7", '{"program": 7}'])
def test_a_senseless_stamp_is_written_anew(fashion, text, offline, tmp_path):
    assert_drawn(fashion, tmp_path)
    stamp = tmp_path / "drawn/FashionMNIST/raw/train.json"
    stamp.write_text(text)
    assert_drawn(fashion, tmp_path)
    assert set(json.loads(stamp.read_text())) > {"program"}


@given(st.data())
@settings(deadline=None, max_examples=40)
def test_no_flipped_byte_of_a_stamp_matters(data):
    """Renaming the stamp's keys by one letter once ended in a KeyError."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawn, "draw_split", partial(draw_few, count=2))
        first = published._draw(Path(folder), True, colour=False)
        [stamp] = Path(folder).rglob("train.json")
        index = data.draw(st.integers(0, len(stamp.read_bytes()) - 1))
        stamp.write_bytes(flipped(stamp.read_bytes(), index))
        again = published._draw(Path(folder), True, colour=False)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])


def test_the_stand_in_is_drawn_once(shop, offline, monkeypatch, tmp_path):
    assert_drawn(shop, tmp_path)
    monkeypatch.setattr(drawn, "draw_split", lambda *_, **__: pytest.fail("drawn again"))
    assert_drawn(shop, tmp_path)


def test_another_version_of_the_drawing_program_draws_anew(shop, offline, monkeypatch, tmp_path):
    shop.get(root=tmp_path)
    other = tmp_path / "drawn.py"
    other.write_text("# a later version")
    calls = []

    def draw(*args, **options):
        calls.append(args)
        return draw_few(*args, **options)

    monkeypatch.setattr(drawn, "__file__", str(other))
    monkeypatch.setattr(drawn, "draw_split", draw)
    shop.get(root=tmp_path)
    shop.get(root=tmp_path)
    assert len(calls) == 1
