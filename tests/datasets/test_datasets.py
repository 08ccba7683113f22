"""Whatever is wrong with the data, the end is verified images or one clear error, never others.

The mirror is a server in this process. What counts as published are small files made here, with
their sums in place of the real ones. The stand-in is 12 pictures, as drawing all takes a minute.
"""

import errno
import gzip
import hashlib
import io
import json
import os
import pickle
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import zlib
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from utils import datasets, drawn, fetch, formats
from utils.fetch import DataError, data_folder

PROJECT = Path(__file__).resolve().parents[1]
REAL = PROJECT.parent / "shared" / "data"
NOBODY = 65534
draw_few = partial(drawn.draw_split, count=12, progress=False)


# --- the mirror, and the ways in which it fails


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.answer(self, self.server.files.get(Path(self.path).name))

    def reply(self, body, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        pass


class Mirror(ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files, self.asked, self.answer = {}, [], whole
        self.half_sent, self.closing = threading.Event(), threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}/"
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()

    def handle_error(self, *_):
        pass  # whoever asked was killed, or had waited long enough

    def close(self):
        self.closing.set()
        self.shutdown()
        self.server_close()


def whole(request, data):
    if data is None:
        return request.send_error(404)
    request.reply(data, Content_Length=len(data))


def slowly(request, data):
    request.server.closing.wait(0.5)  # time for a second process to ask as well, if it would
    whole(request, data)


def not_found(request, data):
    request.send_error(404)


def broken(request, data):
    request.send_error(500)


def page(request, data):
    request.reply(b"<html>Please log in to the network</html>")


def redirect_to_page(request, data):
    if data is None:
        return page(request, data)
    request.reply(b"", status=302, Location="/login.html")


def redirect_for_ever(request, data):
    request.reply(b"", status=302, Location=request.path)


def half(request, data):
    request.reply(data[: len(data) // 2], Content_Length=len(data))


def half_without_length(request, data):
    request.reply(data[: len(data) // 2])


def same_length(request, data):
    request.reply(data[::-1], Content_Length=len(data))


def nothing(request, data):
    request.server.closing.wait()


def half_then_nothing(request, data):
    half(request, data)
    request.server.half_sent.set()
    request.server.closing.wait()


MIRROR_FAULTS = {
    not_found: "404",
    broken: "500",
    page: "not the published file",
    redirect_to_page: "not the published file",
    redirect_for_ever: "infinite loop",
    half: "not the published file",
    half_without_length: "not the published file",
    same_length: "not the published file",
}


@pytest.fixture
def mirror():
    server = Mirror()
    yield server
    server.close()


# --- two small data sets that count as the published ones


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
    files["batches.meta"] = pickle.dumps({"label_names": datasets.CIFAR_CLASSES})
    return {f"cifar-10-batches-py/{name}": data for name, data in files.items()}, truth


@pytest.fixture
def fashion(mirror, monkeypatch):
    unpacked, packed, truth = fashion_files()
    mirror.files.update(packed)
    sums = {name: md5(data) for name, data in {**unpacked, **packed}.items()}
    monkeypatch.setattr(datasets, "FASHION_MD5", sums)
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", [mirror.url])
    forms = {}
    for folder in "FashionMNIST/raw/", "FashionMNIST/", "":
        for form, files in ("packed", packed), ("unpacked", unpacked):
            forms[f"{folder}{form}"] = {folder + name: data for name, data in files.items()}
    return SimpleNamespace(get=datasets.fashion_mnist, truth=truth, forms=forms, colour=False)


@pytest.fixture
def cifar(mirror, monkeypatch):
    unpacked, truth = cifar_files()
    packed = {"cifar-10-python.tar.gz": tar(unpacked, "w:gz")}
    mirror.files.update(packed)
    sums = {Path(name).name: md5(data) for name, data in unpacked.items()}
    published = {
        "url": f"{mirror.url}cifar-10-python.tar.gz",
        "tgz_md5": md5(packed["cifar-10-python.tar.gz"]),
        "train_list": [[name, sums[name]] for name in ("data_batch_1", "data_batch_2")],
        "test_list": [["test_batch", sums["test_batch"]]],
        "meta": {"filename": "batches.meta", "key": "label_names", "md5": sums["batches.meta"]},
    }
    for name, value in published.items():
        monkeypatch.setattr(torchvision.datasets.CIFAR10, name, value)
    forms = {"unpacked": unpacked, "packed": packed}
    return SimpleNamespace(get=datasets.cifar10, truth=truth, forms=forms, colour=True)


@pytest.fixture(params=["fashion", "cifar"])
def shop(request):
    return request.getfixturevalue(request.param)


FORMS = [("fashion", f"{folder}{form}") for folder in ("FashionMNIST/raw/", "FashionMNIST/", "")
         for form in ("packed", "unpacked")]  # fmt: skip
FORMS += [("cifar", "packed"), ("cifar", "unpacked")]
every_form = pytest.mark.parametrize(("kind", "form"), FORMS)


@pytest.fixture(autouse=True)
def settled_surroundings(monkeypatch):
    """What the machine happens to set must not decide a test."""
    for name in "COURSE_DATA", "COURSE_MIRROR", "COURSE_OFFLINE":
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(datasets, "_announced", set())
    monkeypatch.setattr(drawn, "draw_split", draw_few)


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")


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


# --- what is read is what torchvision reads


@every_form
def test_local_copies_in_every_form_are_read_without_asking_anyone(
    kind, form, request, mirror, tmp_path
):
    shop = request.getfixturevalue(kind)
    lay(tmp_path, shop.forms[form])
    before = sorted(tmp_path.rglob("*"))
    assert_published(shop, tmp_path)
    assert_published(shop, tmp_path, train=False)
    assert mirror.asked == []
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("train", [True, False])
def test_fashion_mnist_is_as_torchvision_reads_it(train, fashion, tmp_path):
    lay(tmp_path, fashion.forms["FashionMNIST/raw/unpacked"])
    theirs = torchvision.datasets.FashionMNIST(tmp_path, train, download=False)
    ours = fashion.get(train, root=tmp_path)
    assert isinstance(ours, torchvision.datasets.FashionMNIST)
    assert torch.equal(ours.data, theirs.data)
    assert torch.equal(ours.targets, theirs.targets)
    assert ours.targets.dtype == theirs.targets.dtype
    assert ours.classes == theirs.classes
    assert ours.class_to_idx == theirs.class_to_idx
    assert [(image.tobytes(), label) for image, label in ours] == [
        (image.tobytes(), label) for image, label in theirs
    ]


@pytest.mark.parametrize("train", [True, False])
def test_cifar10_is_as_torchvision_reads_it(train, cifar, tmp_path):
    lay(tmp_path, cifar.forms["unpacked"])
    theirs = torchvision.datasets.CIFAR10(tmp_path, train, download=False)
    ours = cifar.get(train, root=tmp_path)
    assert isinstance(ours, torchvision.datasets.CIFAR10)
    np.testing.assert_array_equal(ours.data, theirs.data)
    assert (ours.targets, ours.classes) == (theirs.targets, theirs.classes)
    assert ours.class_to_idx == theirs.class_to_idx
    assert ours[3][0].tobytes() == theirs[3][0].tobytes()


def test_a_transform_is_applied_to_each_image(shop, tmp_path):
    to_tensor = torchvision.transforms.ToTensor()
    image, label = shop.get(transform=to_tensor, root=tmp_path)[4]
    expected = torch.from_numpy(shop.truth[True][0][4]) / 255
    if shop.colour:
        expected = expected.permute(2, 0, 1)
    torch.testing.assert_close(image, expected.reshape(image.shape))
    assert label == shop.truth[True][1][4]


def test_the_source_is_part_of_what_a_dataset_says_of_itself(shop, tmp_path):
    assert "Source: published" in repr(shop.get(root=tmp_path))


def test_torchvision_opens_what_was_drawn(fashion, offline, tmp_path):
    drawn_sets = {train: fashion.get(train, root=tmp_path) for train in (True, False)}
    for train, ours in drawn_sets.items():
        theirs = torchvision.datasets.FashionMNIST(tmp_path / "drawn", train, download=False)
        assert torch.equal(ours.data, theirs.data)
        assert torch.equal(ours.targets, theirs.targets)


def test_the_drawn_colour_pictures_have_class_names_of_their_own(cifar, offline, tmp_path):
    ours = cifar.get(root=tmp_path)
    assert not set(ours.classes) & set(datasets.CIFAR_CLASSES)
    assert list(ours.class_to_idx) == ours.classes


# --- the network


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


# --- the environment, and the notice


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


# --- damaged local files


def flipped(data, index):
    return data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :]


DAMAGE = {
    "cut short": lambda data: data[: len(data) // 2],
    "last byte lost": lambda data: data[:-1],
    "first byte flipped": lambda data: flipped(data, 0),
    "one byte flipped": lambda data: flipped(data, len(data) // 2),
    "last byte flipped": lambda data: flipped(data, len(data) - 1),
    "empty": lambda data: b"",
    "longer": lambda data: data + b"\0",
}


def lay_damaged(root, files, damage):
    """Write the files, the first of them damaged; return its path."""
    lay(root, files)
    path = root / next(iter(files))
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    return path


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


# --- the stand-in on disk


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
        first = datasets._draw(Path(folder), True, colour=False)
        [stamp] = Path(folder).rglob("train.json")
        index = data.draw(st.integers(0, len(stamp.read_bytes()) - 1))
        stamp.write_bytes(flipped(stamp.read_bytes(), index))
        again = datasets._draw(Path(folder), True, colour=False)
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


# --- CIFAR-10 as pictures: a folder or a tar of <split>/<class>/<file>


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
            for name, image in zip(datasets.CIFAR_CLASSES, images[number], strict=True):
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
        assert ours.classes == datasets.CIFAR_CLASSES
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
    for name in datasets.CIFAR_CLASSES:
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
        read = partial(formats.read_pictures, path, True, datasets.CIFAR_CLASSES)
        path.write_bytes(ARCHIVE)
        assert read()[0].shape == (10, 32, 32, 3)
        path.write_bytes(damaged)
        refused(read, path)


# --- a data folder that cannot be written


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


# --- a full disk


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


# --- killed, and two at once

# Programs for another process, which sees the same small files as published. Each stops, where
# `stop` is called, until it is killed or reads a line.
START = """
import json, os, sys, time
from pathlib import Path
task = json.loads(sys.argv[1])
root = Path(task["root"])

def stop(*_):
    print("stopped", flush=True)
    sys.stdin.readline()
"""

FETCH = (
    START
    + """
from utils.fetch import download, locked  # what `fashion_mnist` does, without importing torch
if task["stop"] == "writing":
    os.fsync = stop
name = "train-images-idx3-ubyte.gz"
with locked(root):
    download(root / "FashionMNIST" / "raw" / name, [task["mirror"]], task["md5"][name])
"""
)

GET = (
    START
    + """
from utils import datasets, drawn
datasets.FASHION_MD5.update(task["md5"])
datasets.published.FashionMNIST.mirrors = [task["mirror"]]
draw_split, draw_image = drawn.draw_split, drawn.draw_image

def draw(*args, **options):
    with open(root.with_suffix(".log"), "a") as log:
        log.write("drawn\\n")
    time.sleep(0.5)  # time for a second process to draw as well, if it would
    return draw_split(*args, count=12, progress=False, **options)

def draw_until_tenth(label, rng, colour, calls=[]):
    calls.append(label)
    stop() if len(calls) == 10 else None
    return draw_image(label, rng, colour)

drawn.draw_split = draw
if task["stop"] == "drawing":
    drawn.draw_image = draw_until_tenth
if task["stop"] == "start":
    stop()
data = datasets.fashion_mnist(root=root).data
os.environ["COURSE_OFFLINE"] = "1"
colour = datasets.cifar10(root=root)
print(json.dumps([data.sum().item(), int(colour.data.sum()), colour.source]))
"""
)


@contextmanager
def other_process(program, root, mirror, stop):
    task = {"root": str(root), "mirror": mirror.url, "stop": stop, "md5": datasets.FASHION_MD5}
    child = subprocess.Popen(
        [sys.executable, "-c", program, json.dumps(task)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def wait_until_stopped(child):
    """Read what the child prints (notices too) until it says that it has stopped."""
    lines = iter(child.stdout.readline, "")
    assert "stopped\n" in lines


def kill(child):
    child.kill()
    assert child.wait() != 0


def test_killed_while_downloading(fashion, mirror, tmp_path):
    mirror.answer = half_then_nothing
    with other_process(FETCH, tmp_path, mirror, stop="never") as child:
        while not mirror.half_sent.wait(0.1):
            assert child.poll() is None
        kill(child)
    assert not list(tmp_path.rglob("*ubyte*"))
    mirror.answer = whole
    assert_published(fashion, tmp_path)


def test_killed_while_writing(fashion, mirror, tmp_path):
    with other_process(FETCH, tmp_path, mirror, stop="writing") as child:
        wait_until_stopped(child)
        kill(child)
    [part] = tmp_path.rglob("*ubyte*")
    assert part.suffix == ".part"
    os.truncate(part, part.stat().st_size // 2)  # as if the power had gone too
    assert_published(fashion, tmp_path)


def test_killed_while_drawing(fashion, mirror, offline, tmp_path):
    with other_process(GET, tmp_path, mirror, stop="drawing") as child:
        wait_until_stopped(child)
        kill(child)
    assert not list(tmp_path.rglob("*ubyte*"))
    assert_drawn(fashion, tmp_path)


@pytest.mark.parametrize(("value", "renamed"), [("0", 0), ("0", 1), ("1", 0), ("1", 1), ("1", 2)])
def test_interrupted_between_two_files(fashion, renamed, value, monkeypatch, tmp_path):
    """Ctrl-C after some files are in place, of the two fetched or the three drawn."""
    monkeypatch.setenv("COURSE_OFFLINE", value)
    replace, done = os.replace, []

    def interrupted(*paths):
        if len(done) == renamed:
            raise KeyboardInterrupt
        done.append(paths)
        replace(*paths)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "replace", interrupted)
        fashion.get(root=tmp_path)
    assert len(done) == renamed
    (assert_drawn if value == "1" else assert_published)(fashion, tmp_path)


def test_two_at_once_do_the_work_once(fashion, mirror, tmp_path):
    mirror.answer = slowly
    together = partial(other_process, GET, tmp_path / "data", mirror, stop="start")
    with together() as first, together() as second:
        for child in first, second:
            wait_until_stopped(child)
        for child in first, second:
            child.stdin.write("go\n")
            child.stdin.flush()
        ends = [json.loads(child.communicate()[0].splitlines()[-1]) for child in (first, second)]
    pixels = int(fashion.truth[True][0].sum())
    assert ends == [[pixels, int(draw_few(colour=True)[0].sum()), "drawn"]] * 2
    names = ["/train-images-idx3-ubyte.gz", "/train-labels-idx1-ubyte.gz"]
    assert sorted(mirror.asked) == names
    assert (tmp_path / "data.log").read_text() == "drawn\n"


# --- the real files, where they are

real_fashion = pytest.mark.skipif(
    not (REAL / "FashionMNIST").exists(), reason="the real Fashion-MNIST is not in ../shared/data"
)
real_cifar = pytest.mark.skipif(
    not list(REAL.glob("cifar-10-jpeg*")), reason="no copy of CIFAR-10 in ../shared/data"
)


@real_fashion
def test_real_training_images_are_what_the_course_says():
    ours = datasets.fashion_mnist(root=REAL)
    assert ours.source == "published"
    assert ours.data.shape == (60_000, 28, 28)
    assert ours.targets[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert ours.targets.bincount().tolist() == [6_000] * 10
    pixels = ours.data.double() / 255
    # The numbers that every tutorial normalises with, to the four places they are given in.
    assert pixels.mean().item() == pytest.approx(0.2860, abs=5e-5)
    assert pixels.std().item() == pytest.approx(0.3530, abs=5e-5)


@real_fashion
@pytest.mark.parametrize("train", [True, False])
def test_real_images_are_as_torchvision_reads_them(train, tmp_path):
    for path in (REAL / "FashionMNIST/raw").glob("*.gz"):
        lay(tmp_path / "FashionMNIST/raw", {path.stem: gzip.decompress(path.read_bytes())})
    theirs = torchvision.datasets.FashionMNIST(tmp_path, train, download=False)
    for root in REAL, tmp_path:  # packed, and unpacked against the sums that the course adds
        ours = datasets.fashion_mnist(train, root=root)
        assert ours.source == "published"
        assert torch.equal(ours.data, theirs.data)
        assert torch.equal(ours.targets, theirs.targets)


@real_fashion
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_one_flipped_byte_in_a_real_file_is_noticed(name, packed, offline, tmp_path):
    for path in (REAL / "FashionMNIST/raw").glob("t10k*.gz"):
        data = path.read_bytes()
        lay(tmp_path, {path.name: data} if packed else {path.stem: gzip.decompress(data)})
    victim = tmp_path / (f"{name}.gz" if packed else name)
    assert datasets.fashion_mnist(False, root=tmp_path).source == "published"
    victim.write_bytes(flipped(victim.read_bytes(), victim.stat().st_size // 2))
    refused(lambda: datasets.fashion_mnist(False, root=tmp_path), victim, "is damaged")


@real_cifar
def test_real_pictures_of_cifar10():
    ours = datasets.cifar10(train=False, root=REAL)
    assert ours.source in ("images", "published")
    assert ours.data.shape == (10_000, 32, 32, 3)
    assert np.bincount(ours.targets).tolist() == [1_000] * 10
    assert ours.data.std((1, 2)).min() >= 0
    assert len({image.tobytes() for image in ours.data}) > 9_900
