"""Random changes to a whole batch of images at once, on whatever device it lies."""

import torch
from torch.nn.functional import pad


def mirrored(images):
    """Return images (N, C, H, W), each turned left to right with probability 1/2."""
    heads = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    return torch.where(heads, images.flip(-1), images)


def shifted(images, most=2):
    """Return images (N, C, H, W), each shifted by up to `most` pixels along both axes.

    What comes in at the border repeats the border's pixels. Raises ValueError for a negative
    `most`.
    """
    if most < 0:
        raise ValueError(f"most must be 0 or more pixels, got {most!r}")
    count, channels, height, width = images.shape
    padded = pad(images, (most, most, most, most), mode="replicate")
    top, left = torch.randint(2 * most + 1, (2, count, 1, 1), device=images.device)
    rows = top + torch.arange(height, device=images.device)[:, None]
    columns = left + torch.arange(width, device=images.device)
    places = (rows * (width + 2 * most) + columns).reshape(count, 1, -1)
    flat = padded.flatten(start_dim=2)
    return flat.gather(2, places.expand(-1, channels, -1)).reshape(images.shape)
