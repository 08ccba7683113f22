"""Small files in place of the published ones, a mirror that serves them, and no network."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torchvision

from tests.datasets.mirror import Mirror
from tests.datasets.shop import cifar_files, draw_few, fashion_files, md5, tar
from utils.datasets import drawn, published


@pytest.fixture
def mirror():
    server = Mirror()
    yield server
    server.close()


@pytest.fixture
def fashion(mirror, monkeypatch):
    unpacked, packed, truth = fashion_files()
    mirror.files.update(packed)
    sums = {name: md5(data) for name, data in {**unpacked, **packed}.items()}
    monkeypatch.setattr(published, "FASHION_MD5", sums)
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", [mirror.url])
    forms = {}
    for folder in "FashionMNIST/raw/", "FashionMNIST/", "":
        for form, files in ("packed", packed), ("unpacked", unpacked):
            forms[f"{folder}{form}"] = {folder + name: data for name, data in files.items()}
    return SimpleNamespace(get=published.fashion_mnist, truth=truth, forms=forms, colour=False)


@pytest.fixture
def cifar(mirror, monkeypatch):
    unpacked, truth = cifar_files()
    packed = {"cifar-10-python.tar.gz": tar(unpacked, "w:gz")}
    mirror.files.update(packed)
    sums = {Path(name).name: md5(data) for name, data in unpacked.items()}
    settings = {
        "url": f"{mirror.url}cifar-10-python.tar.gz",
        "tgz_md5": md5(packed["cifar-10-python.tar.gz"]),
        "train_list": [[name, sums[name]] for name in ("data_batch_1", "data_batch_2")],
        "test_list": [["test_batch", sums["test_batch"]]],
        "meta": {"filename": "batches.meta", "key": "label_names", "md5": sums["batches.meta"]},
    }
    for name, value in settings.items():
        monkeypatch.setattr(torchvision.datasets.CIFAR10, name, value)
    forms = {"unpacked": unpacked, "packed": packed}
    return SimpleNamespace(get=published.cifar10, truth=truth, forms=forms, colour=True)


@pytest.fixture(params=["fashion", "cifar"])
def shop(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(autouse=True)
def settled_surroundings(monkeypatch):
    """What the machine happens to set must not decide a test."""
    for name in "COURSE_DATA", "COURSE_MIRROR", "COURSE_OFFLINE":
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(published, "_announced", set())
    monkeypatch.setattr(drawn, "draw_split", draw_few)


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
