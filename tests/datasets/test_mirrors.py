"""The network, and the settings that say how it is used."""

from pathlib import Path

import pytest
import torchvision

from tests.chapters import ROOT as PROJECT
from tests.datasets.mirror import MIRROR_FAULTS, Mirror, half_then_nothing, nothing, whole
from tests.datasets.shop import assert_drawn, assert_holds, assert_published, lay
from utils.datasets import fetch
from utils.datasets.fetch import data_folder


@pytest.mark.parametrize(("answer", "reason"), MIRROR_FAULTS.items())
def test_a_failing_mirror_is_named_and_the_stand_in_drawn(
    shop, answer, reason, mirror, tmp_path, capsys
):
    mirror.answer = answer
    assert_drawn(shop, tmp_path)
    notice = capsys.readouterr().out
    assert mirror.url in notice
    assert reason in notice
    mirror.answer = whole
    assert_published(shop, tmp_path)


@pytest.mark.parametrize("answer", [nothing, half_then_nothing])
def test_a_silent_mirror_is_given_up(shop, answer, mirror, monkeypatch, tmp_path, capsys):
    mirror.answer = answer
    with monkeypatch.context() as patience:
        patience.setattr(fetch, "TIMEOUT", 0.3)
        assert_drawn(shop, tmp_path)
    assert "timed out" in capsys.readouterr().out
    mirror.answer = whole
    assert_published(shop, tmp_path)


def test_a_refused_connection_is_named_and_the_stand_in_drawn(
    fashion, mirror, monkeypatch, tmp_path, capsys
):
    down = Mirror()
    down.close()
    with monkeypatch.context() as no_network:
        no_network.setattr(torchvision.datasets.FashionMNIST, "mirrors", [down.url])
        assert_drawn(fashion, tmp_path)
    assert "refused" in capsys.readouterr().out
    assert_published(fashion, tmp_path)


def test_a_second_mirror_is_asked_where_the_first_fails(fashion, mirror, monkeypatch, tmp_path):
    mirrors = [f"{mirror.url}empty/", mirror.url]
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", mirrors)
    mirror.answer = lambda request, data: whole(request, None if "empty" in request.path else data)
    assert_published(fashion, tmp_path)
    assert [path.count("empty") for path in mirror.asked] == [1, 0, 1, 0]


def test_a_download_shows_a_bar_with_its_address_and_size(shop, mirror, tmp_path, capsys):
    shop.get(root=tmp_path)
    bar = capsys.readouterr().err
    name, data = next(iter(mirror.files.items()))
    assert mirror.url + name in bar
    assert f"0.00/{len(data) / 1000:.1f}k" in bar


def test_what_was_fetched_is_not_fetched_again(shop, mirror, tmp_path):
    shop.get(root=tmp_path)
    asked = len(mirror.asked)
    assert_published(shop, tmp_path)
    assert len(mirror.asked) == asked


def test_offline_asks_no_one_and_says_so(shop, offline, mirror, tmp_path, capsys):
    assert_drawn(shop, tmp_path)
    assert mirror.asked == []
    notice = capsys.readouterr().out
    assert "COURSE_OFFLINE" in notice
    assert str(tmp_path) in notice


@pytest.mark.parametrize("value", ["", "0"])
def test_offline_can_be_switched_off(value, shop, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_OFFLINE", value)
    assert_published(shop, tmp_path)


def test_the_notice_is_one_line_printed_once(shop, offline, tmp_path, capsys):
    for train in True, False, True:
        shop.get(train, root=tmp_path)
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert "stand in" in printed


def test_nothing_is_printed_about_published_images(shop, tmp_path, capsys):
    shop.get(root=tmp_path)
    assert capsys.readouterr().out == ""


def test_course_mirror_is_asked_first(shop, mirror, monkeypatch, tmp_path):
    own = Mirror()
    own.files.update(mirror.files)
    monkeypatch.setenv("COURSE_MIRROR", own.url.rstrip("/"))
    assert_published(shop, tmp_path)
    own.close()
    assert own.asked
    assert mirror.asked == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "nonsense", "http://[", "http://a b/"])
def test_a_useless_course_mirror_leaves_the_others(shop, address, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_MIRROR", address)
    assert_published(shop, tmp_path)


def test_a_relative_course_data_starts_at_the_project(shop, monkeypatch, tmp_path):
    project, elsewhere = tmp_path / "project", tmp_path / "project" / "notebooks"
    elsewhere.mkdir(parents=True)
    (project / "pyproject.toml").touch()
    monkeypatch.setattr(fetch, "PROJECT", project)
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("COURSE_DATA", "../beside/data")
    lay(tmp_path / "beside" / "data", shop.forms[next(iter(shop.forms))])
    assert_holds(shop.get(), "published", *shop.truth[True])


def test_where_the_data_folder_is(monkeypatch, tmp_path):
    assert data_folder() == PROJECT / "data"
    assert data_folder("somewhere") == Path("somewhere")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    assert data_folder("somewhere") == Path("somewhere")
    monkeypatch.setenv("COURSE_DATA", "~/images")
    assert data_folder() == Path.home() / "images"


def test_without_its_project_the_course_uses_the_working_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(fetch, "PROJECT", tmp_path / "site-packages")
    monkeypatch.chdir(tmp_path)
    assert data_folder() == tmp_path / "data"


@pytest.mark.parametrize("wrong", [
    {"train": "yes"}, {"train": 1}, {"train": None},
    {"transform": "ToTensor"}, {"transform": 3}, {"root": 3}, {"root": ["data"]}, {"root": b"data"},
])  # fmt: skip
def test_wrong_arguments_are_named(shop, wrong, mirror):
    [(name, value)] = wrong.items()
    with pytest.raises(TypeError, match=f"^{name} must be") as error:
        shop.get(**wrong)
    assert repr(value) in str(error.value)
    assert mirror.asked == []
