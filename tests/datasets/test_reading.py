"""What is read is what torchvision reads, from copies in every form and from the real files."""

import gzip

import numpy as np
import pytest
import torch
import torchvision

from tests.chapters import ROOT as PROJECT
from tests.datasets.shop import (
    assert_published,
    every_form,
    flipped,
    lay,
    refused,
)
from utils.datasets import published

REAL = PROJECT.parent / "shared" / "data"


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
    assert not set(ours.classes) & set(published.CIFAR_CLASSES)
    assert list(ours.class_to_idx) == ours.classes


real_fashion = pytest.mark.skipif(
    not (REAL / "FashionMNIST").exists(), reason="the real Fashion-MNIST is not in ../shared/data"
)
real_cifar = pytest.mark.skipif(
    not list(REAL.glob("cifar-10-jpeg*")), reason="no copy of CIFAR-10 in ../shared/data"
)


@real_fashion
def test_real_training_images_are_what_the_course_says():
    ours = published.fashion_mnist(root=REAL)
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
        ours = published.fashion_mnist(train, root=root)
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
    assert published.fashion_mnist(False, root=tmp_path).source == "published"
    victim.write_bytes(flipped(victim.read_bytes(), victim.stat().st_size // 2))
    refused(lambda: published.fashion_mnist(False, root=tmp_path), victim, "is damaged")


@real_cifar
def test_real_pictures_of_cifar10():
    ours = published.cifar10(train=False, root=REAL)
    assert ours.source in ("images", "published")
    assert ours.data.shape == (10_000, 32, 32, 3)
    assert np.bincount(ours.targets).tolist() == [1_000] * 10
    assert ours.data.std((1, 2)).min() >= 0
    assert len({image.tobytes() for image in ours.data}) > 9_900
