"""TensorLoader against torch's DataLoader, as_tensors against torchvision's transforms."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image
from torch.overrides import TorchFunctionMode
from torch.utils.data import ConcatDataset, DataLoader, Dataset, Subset, TensorDataset
from torchvision.transforms import Compose, Normalize, ToTensor

from utils.training import TensorLoader, as_tensors

SIZES = {"count": st.integers(1, 30), "size": st.integers(1, 35), "drop_last": st.booleans()}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def numbered(count):
    """Images that say their number, as their labels do."""
    return torch.arange(count * 2.0).reshape(count, 1, 2), torch.arange(count)


def labels_of(loader):
    return [labels.tolist() for _, labels in loader]


@given(**SIZES)
@settings(deadline=None)
def test_batches_in_order_are_those_of_dataloader(count, size, drop_last):
    assume(count >= size or not drop_last)
    ours = TensorLoader(*numbered(count), size, drop_last=drop_last)
    theirs = DataLoader(TensorDataset(*numbered(count)), size, drop_last=drop_last)
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert all(map(torch.equal, mine, other))


@given(**SIZES)
@settings(deadline=None)
def test_shuffled_batches_hold_each_image_once_with_its_label(count, size, drop_last):
    assume(count >= size or not drop_last)
    options = {"shuffle": True, "drop_last": drop_last}
    batches = list(TensorLoader(*numbered(count), size, **options))
    theirs = list(DataLoader(TensorDataset(*numbered(count)), size, **options))
    assert [len(labels) for _, labels in batches] == [len(labels) for _, labels in theirs]
    for images, labels in batches:
        assert torch.equal(images, numbered(count)[0][labels])
    seen = [number for _, labels in batches for number in labels.tolist()]
    assert len(set(seen)) == len(seen) == (count - count % size if drop_last else count)


def test_each_epoch_has_another_order_and_the_generator_decides_it():
    def epochs(seed):
        loader = TensorLoader(
            *numbered(50), 8, shuffle=True, generator=torch.Generator().manual_seed(seed)
        )
        return [labels_of(loader) for _ in range(3)]

    before = torch.get_rng_state()
    first, second, third = epochs(1)
    assert first != second != third != first
    assert epochs(1) == [first, second, third]
    assert epochs(2)[0] != first
    assert torch.equal(torch.get_rng_state(), before)


def test_without_a_generator_torch_s_own_decides():
    loader = TensorLoader(*numbered(50), 8, shuffle=True)
    orders = []
    for seed in 1, 1, 2:
        torch.manual_seed(seed)
        orders.append(labels_of(loader))
    assert orders[0] == orders[1] != orders[2]


def test_the_transform_gets_whole_batches_of_images():
    seen = []

    def doubled(images):
        seen.append(images.shape)
        return images * 2

    images, labels = numbered(7)
    batches = list(TensorLoader(images, labels, 3, transform=doubled))
    assert seen == [(3, 1, 2), (3, 1, 2), (1, 1, 2)]
    assert torch.equal(torch.cat([images for images, _ in batches]), images * 2)
    assert torch.equal(torch.cat([labels for _, labels in batches]), labels)


@pytest.mark.parametrize("shuffle", [False, True])
def test_changing_a_batch_changes_no_data(shuffle):
    images, labels = numbered(7)
    for batch, names in TensorLoader(images, labels, 3, shuffle=shuffle, transform=torch.relu_):
        batch.zero_()
        names.zero_()
    assert all(map(torch.equal, (images, labels), numbered(7)))


def test_batches_stay_on_the_device_of_the_data():
    images, labels = (tensor.to("meta") for tensor in numbered(7))
    for shuffle in False, True:
        for batch in TensorLoader(images, labels, 3, shuffle=shuffle):
            assert [part.device.type for part in batch] == ["meta", "meta"]


@pytest.mark.parametrize(("count", "options", "message"), [
    (4, {"batch_size": 0}, "batch_size must be a whole number from 1 on, got 0"),
    (4, {"batch_size": -2}, "got -2"),
    (4, {"batch_size": 2.0}, "got 2.0"),
    (4, {"batch_size": True}, "got True"),
    (4, {"batch_size": "2"}, "got '2'"),
    (0, {"batch_size": 2}, "be made of 0 images with batch_size=2 and drop_last=False"),
    (4, {"batch_size": 5, "drop_last": True}, "of 4 images with batch_size=5 and drop_last=True"),
])  # fmt: skip
def test_what_makes_no_batch_is_refused(count, options, message):
    with pytest.raises(ValueError) as error:
        TensorLoader(*numbered(count), **options)
    assert message in str(error.value)


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="there are 1,200 images and 4 labels"):
        TensorLoader(torch.zeros(1200, 1), torch.zeros(4), 2)


def wardrobe(colour, rng):
    """A data set as torchvision keeps it: Fashion-MNIST in tensors, CIFAR-10 in array and list."""
    if colour:
        pixels = rng.integers(0, 256, (9, 4, 5, 3), np.uint8)
        return SimpleNamespace(data=pixels, targets=rng.integers(0, 10, 9).tolist())
    pixels = torch.from_numpy(rng.integers(0, 256, (9, 4, 5), np.uint8))
    return SimpleNamespace(data=pixels, targets=torch.from_numpy(rng.integers(0, 10, 9)))


STATISTICS = {False: ([0.286], [0.353]), True: ([0.49, 0.48, 0.45], [0.25, 0.24, 0.26])}


@pytest.mark.parametrize("colour", [False, True])
def test_as_tensors_is_totensor_and_normalize(colour):
    dataset = wardrobe(colour, np.random.default_rng(0))
    before = np.asarray(dataset.data).copy(), list(dataset.targets)
    mean, std = STATISTICS[colour]
    transform = Compose([ToTensor(), Normalize(mean, std)])
    expected = torch.stack([transform(np.asarray(image)) for image in dataset.data])
    column = [torch.tensor(numbers).reshape(-1, 1, 1) for numbers in (mean, std)]
    images, labels = as_tensors(dataset, *column)
    torch.testing.assert_close(images, expected, rtol=0, atol=1e-6)
    assert labels.dtype == torch.int64
    assert labels.tolist() == list(dataset.targets)
    if not colour:
        torch.testing.assert_close(as_tensors(dataset, *mean, *std)[0], images)
    images.zero_()
    np.testing.assert_array_equal(np.asarray(dataset.data), before[0])
    assert list(dataset.targets) == before[1]


class OneDevice(TorchFunctionMode):
    """Refuses what a GPU refuses, and torch's device for shapes, meta, does not: to mix devices."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func in (torch.Tensor.sub_, torch.Tensor.div_):
            assert len({part.device for part in args if isinstance(part, torch.Tensor)}) == 1
        return func(*args, **kwargs or {})


def test_as_tensors_moves_all_of_it():
    dataset = wardrobe(True, np.random.default_rng(0))
    column = torch.ones(3, 1, 1)
    with OneDevice():
        moved = as_tensors(dataset, column, column, "meta")
    assert {part.device.type for part in moved} == {"meta"}


def test_labels_become_int64():
    dataset = wardrobe(True, np.random.default_rng(0))
    dataset.targets = np.array(dataset.targets, np.int32)
    assert as_tensors(dataset, 0.5, 0.5)[1].dtype == torch.int64


def test_pixels_that_are_floats_already_are_refused_and_left_alone():
    dataset = SimpleNamespace(data=torch.ones(2, 4, 4), targets=[0, 1])
    with pytest.raises(ValueError, match=r"must be uint8, .*got torch.float32"):
        as_tensors(dataset, 0.5, 0.5)
    assert torch.equal(dataset.data, torch.ones(2, 4, 4))


# --- means by channel, channels on either side, parts of datasets, datasets without .data


@pytest.mark.parametrize("kind", [tuple, list, np.array, torch.tensor])
def test_statistics_are_numbers_or_one_for_each_channel(kind):
    dataset = wardrobe(True, np.random.default_rng(0))
    mean, std = STATISTICS[True]
    column = [torch.tensor(numbers).reshape(-1, 1, 1) for numbers in (mean, std)]
    assert torch.equal(
        as_tensors(dataset, kind(mean), kind(std))[0], as_tensors(dataset, *column)[0]
    )
    mixed = as_tensors(dataset, 0.5, kind(std))[0]
    torch.testing.assert_close(mixed, as_tensors(dataset, kind([0.5] * 3), kind(std))[0])


@pytest.mark.parametrize(("mean", "std", "name"), [((0.5, 0.5), 0.5, "mean"),
                                                   (0.5, (0.5,) * 4, "std")])  # fmt: skip
def test_statistics_of_other_channels_are_refused(mean, std, name):
    dataset = wardrobe(True, np.random.default_rng(0))
    with pytest.raises(ValueError, match=rf"{name} has [24] numbers, the images have 3 channels"):
        as_tensors(dataset, mean, std)


def test_three_means_for_grey_pictures_are_refused():
    with pytest.raises(ValueError, match="mean has 3 numbers, the images have 1 channels"):
        as_tensors(wardrobe(False, np.random.default_rng(0)), (0.5,) * 3, 0.5)


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_may_stand_on_either_side(channels):
    pixels = torch.randint(256, (5, channels, 6, 7), dtype=torch.uint8)
    last = SimpleNamespace(data=pixels.permute(0, 2, 3, 1), targets=range(5))
    first = SimpleNamespace(data=pixels, targets=range(5))
    images = as_tensors(last, 0.0, 1.0)[0]
    torch.testing.assert_close(images, pixels / 255)
    assert torch.equal(as_tensors(first, 0.0, 1.0)[0], images)


@pytest.mark.parametrize(
    "shape", [(5, 3, 4, 3), (5, 6, 7, 8), (5, 7), (5, 1, 1, 1), (2, 2, 3, 4, 3)]
)
def test_channels_that_cannot_be_told_are_asked_for(shape):
    dataset = SimpleNamespace(data=torch.zeros(shape, dtype=torch.uint8), targets=[0] * shape[0])
    with pytest.raises(
        ValueError, match=r"channels cannot be told: give \(N, height, width\)"
    ) as error:
        as_tensors(dataset, 0.5, 0.5)
    assert str(shape) in str(error.value)


def test_parts_of_parts_are_cut_from_the_whole():
    whole = wardrobe(True, np.random.default_rng(0))
    whole.data, whole.targets = whole.data.repeat(5, axis=0), list(range(5 * len(whole.targets)))
    count = len(whole.targets)
    images, labels = as_tensors(whole, 0.5, 0.5)
    part = Subset(whole, range(count - 1, 0, -1))
    for indices in (range(0, count - 1, 2), [3, 0, 0], np.array([2, 1]), torch.tensor([4]), []):
        found = as_tensors(Subset(part, indices), 0.5, 0.5)
        rows = [count - 1 - int(index) for index in indices]
        assert torch.equal(found[0], images[rows])
        assert torch.equal(found[1], labels[rows])


class Shown(Dataset):
    """Samples and nothing else, as a dataset of one's own has them."""

    def __init__(self, pictures):
        self.pictures = pictures

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, number):
        return self.pictures[number], number % 3


KINDS = {
    "PIL, colour": Image.fromarray,
    "array": lambda array: array,
    "tensor, channels first": lambda array: torch.from_numpy(array).permute(2, 0, 1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_has_samples_will_do(kind):
    arrays = np.random.default_rng(0).integers(256, size=(7, 6, 5, 3), dtype=np.uint8)
    expected = torch.from_numpy(arrays).permute(0, 3, 1, 2) / 255
    shown = Shown([KINDS[kind](array) for array in arrays])
    images, labels = as_tensors(shown, 0.0, 1.0)
    torch.testing.assert_close(images, expected)
    assert labels.tolist() == [0, 1, 2, 0, 1, 2, 0]
    images, labels = as_tensors(Subset(shown, [6, 2]), 0.0, 1.0)
    torch.testing.assert_close(images, expected[[6, 2]])
    assert labels.tolist() == [0, 2]
    both = ConcatDataset([shown, Subset(shown, [4])])
    torch.testing.assert_close(as_tensors(both, 0.0, 1.0)[0], expected[[*range(7), 4]])


def test_grey_pictures_from_samples():
    arrays = np.random.default_rng(0).integers(256, size=(2, 6, 5), dtype=np.uint8)
    images, _ = as_tensors(Shown([Image.fromarray(array) for array in arrays]), 0.0, 1.0)
    torch.testing.assert_close(images, torch.from_numpy(arrays)[:, None] / 255)


@pytest.mark.parametrize(("other", "message"), [
    (np.zeros((6, 5, 3), np.uint8), r"several shapes, \(6, 5, 3\) and \(8, 5, 3\)"),
    (np.zeros((8, 5), np.uint8), r"several shapes, \(8, 5\) and \(8, 5, 3\)"),
])  # fmt: skip
def test_pictures_of_several_shapes_are_named(other, message):
    with pytest.raises(ValueError, match=message):
        as_tensors(Shown([np.zeros((8, 5, 3), np.uint8), other]), 0.5, 0.5)


def test_samples_that_are_scaled_already_are_refused():
    with pytest.raises(ValueError, match=r"must be uint8, from 0 to 255, got torch.float32"):
        as_tensors(Shown(list(torch.rand(3, 1, 4, 4))), 0.5, 0.5)
