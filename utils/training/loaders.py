"""A loader for data that fits into memory: batches are cut from tensors, not collected."""

import torch

from utils.training.refusals import require_whole


def as_tensors(dataset, mean, std, device="cpu"):
    """Return a torchvision dataset of images as (images, labels) on `device`.

    images: float32 (N, channels, height, width), from `dataset.data`, uint8 (N, height, width)
    or (N, height, width, channels): pixels from 0 to 1, less `mean`, over `std`, which are those
    of the training set: numbers, or tensors (channels, 1, 1). labels: int64 (N,).

    Raises ValueError for data that is not uint8: it may be scaled already.
    """
    pixels = torch.as_tensor(dataset.data)
    if pixels.dtype != torch.uint8:
        raise ValueError(f"dataset.data must be uint8, got {pixels.dtype}")
    pixels = pixels.permute(0, 3, 1, 2) if pixels.ndim == 4 else pixels.unsqueeze(1)
    mean, std = (torch.as_tensor(number, device=device) for number in (mean, std))
    images = pixels.to(device, torch.float32).div_(255).sub_(mean).div_(std)
    return images, torch.as_tensor(dataset.targets, dtype=torch.int64, device=device)


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
