"""A loader for data that fits into memory: batches are cut from tensors, not collected."""

import numpy as np
import torch
from torch.utils.data import Subset

from utils.training.refusals import require_whole


def as_tensors(dataset, mean, std, device="cpu"):
    """Return a dataset of images as (images, labels) on `device`.

    images: float32 (N, channels, height, width), pixels from 0 to 1, less `mean`, over `std`:
    numbers, or one for each channel, those of the training set. labels: int64 (N,). The pixels are
    `dataset.data`, uint8, (N, height, width) or with one or three channels, last or right after N;
    of a Subset those that it holds; of other datasets the samples, pictures or uint8 tensors.

    Raises ValueError for pixels that are not uint8, which may be scaled already, and for channels
    that cannot be told or do not go with `mean` and `std`.
    """
    pixels, labels = _raw(dataset)
    if pixels.dtype != torch.uint8:
        raise ValueError(f"the dataset's pixels must be uint8, from 0 to 255, got {pixels.dtype}")
    pixels = _channels_first(pixels)
    mean, std = (_by_channel(name, value, pixels) for name, value in (("mean", mean), ("std", std)))
    images = pixels.to(device, torch.float32).div_(255).sub_(mean.to(device)).div_(std.to(device))
    return images, labels.to(device)


def _raw(dataset):
    """Return pixels as the dataset holds them, and labels, int64."""
    if isinstance(dataset, Subset):
        pixels, labels = _raw(dataset.dataset)
        indices = torch.as_tensor(dataset.indices, dtype=torch.int64)
        return pixels[indices], labels[indices]
    if hasattr(dataset, "data") and hasattr(dataset, "targets"):
        return torch.as_tensor(dataset.data), torch.as_tensor(dataset.targets, dtype=torch.int64)
    pictures, labels = zip(*(dataset[number] for number in range(len(dataset))), strict=True)
    if not isinstance(pictures[0], torch.Tensor):
        pictures = [torch.from_numpy(np.array(picture)) for picture in pictures]
    shapes = sorted({tuple(picture.shape) for picture in pictures})
    if len(shapes) > 1:
        raise ValueError(f"the pictures have several shapes, {shapes[0]} and {shapes[1]} among "
                         "them: give the dataset a transform that resizes.")  # fmt: skip
    return torch.stack(pictures), torch.tensor(labels, dtype=torch.int64)


def _channels_first(pixels):
    """Return (N, channels, height, width); raise ValueError if the channels cannot be told."""
    if pixels.ndim == 3:
        return pixels.unsqueeze(1)
    last, first = (pixels.ndim == 4 and pixels.shape[axis] in (1, 3) for axis in (3, 1))
    if first == last:
        raise ValueError(
            f"of pixels {tuple(pixels.shape)} the channels cannot be told: give (N, height, width) "
            "or one or three channels, as the last axis or right after N"
        )
    return pixels.permute(0, 3, 1, 2) if last else pixels


def _by_channel(name, value, pixels):
    value, channels = torch.as_tensor(value, dtype=torch.float32).flatten(), pixels.shape[1]
    if len(value) not in (1, channels):
        raise ValueError(f"{name} has {len(value)} numbers, the images have {channels} channels: "
                         "give one number, or one for each channel.")  # fmt: skip
    return value.reshape(-1, 1, 1)


class TensorLoader:
    """Serve batches of tensors that lie in memory, already normalised and on the device.

    A drop-in for `for images, labels in loader`: what DataLoader does image by image, this does
    by one index a batch. `images` (N, ...) and `labels` (N,) may also be any two tensors of one
    length. `shuffle` draws a new order each epoch, from `generator` (on the CPU) or else from
    torch's own; `drop_last` leaves out a last batch that is not full; `transform` changes a
    whole batch of images, for augmentation.

    Raises ValueError for lengths that differ, for no data, and for a batch_size below 1.
    """

    def __init__(self, images, labels, batch_size, *, shuffle=False, drop_last=False,
                 generator=None, transform=None):  # fmt: skip
        if len(images) != len(labels):
            raise ValueError(f"there are {len(images):,} images and {len(labels):,} labels")
        batch_size = require_whole("batch_size", batch_size, 1)
        if len(images) < (batch_size if drop_last else 1):
            raise ValueError(
                f"no batch can be made of {len(images):,} images with batch_size={batch_size} and "
                f"drop_last={drop_last}: give more images, or a smaller batch_size."
            )
        self.images, self.labels, self.batch_size = images, labels, batch_size
        self.shuffle, self.drop_last = shuffle, drop_last
        self.generator, self.transform = generator, transform

    def __len__(self):
        full, rest = divmod(len(self.images), self.batch_size)
        return full if self.drop_last or not rest else full + 1

    def __iter__(self):
        count = len(self.images)
        if self.shuffle:
            order = torch.randperm(count, generator=self.generator)
        else:
            order = torch.arange(count)
        for batch in order.to(self.images.device).split(self.batch_size)[: len(self)]:
            images = self.images[batch]  # a copy: whoever changes it does not change the data
            yield self.transform(images) if self.transform else images, self.labels[batch]
