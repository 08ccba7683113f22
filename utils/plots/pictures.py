"""Whatever PIL, NumPy or torch give for one picture or for many, as arrays that can be drawn."""

import numpy as np
from PIL import Image

MOST_IMAGES = 200
NUMBERS = ("L", "I", "F", "I;16", "I;16L", "I;16B", "I;16N")  # PIL's modes of one number a pixel


def as_pictures(images, counted):
    """Return a list of (H, W) or (H, W, 3) float arrays in 0..1.

    `counted`: for how many images there are labels or captions, 0 without. Raises TypeError or
    ValueError, saying what was expected, for what is no picture.
    """
    if isinstance(images, list | tuple):
        pictures = [as_array(image, f"images[{index}]") for index, image in enumerate(images)]
    else:
        array = as_array(images, "images")
        if (
            isinstance(images, Image.Image)
            or array.ndim == 2
            or (_is_photograph(array) and counted != len(array))
        ):
            array = array[None]
        if array.ndim == 3 and array.shape[0] == 3 and counted < 2:
            raise ValueError(
                f"images has shape {array.shape}: one image with 3 channels, or 3 grey ones? "
                "Give images[None] for one, images[:, None] for three"
            )
        if array.ndim not in (3, 4):
            raise ValueError(f"images has shape {array.shape}; expected (N, H, W), (N, C, H, W) or "
                             "one image, (H, W), (H, W, 3) or PIL's")  # fmt: skip
        pictures = list(array)
    if not pictures:
        raise ValueError("images is empty; expected at least one image")
    if len(pictures) > MOST_IMAGES:
        raise ValueError(f"{len(pictures)} images are too many to see; pass at most {MOST_IMAGES}")
    return _stretched([_channels_last(picture) for picture in pictures])


def _is_photograph(array):
    """(H, W, C): as grey pictures they would be strips. Kernels, too, may have four columns."""
    if array.ndim != 3:
        return False
    least = {1: 4, 3: 4, 4: 16}.get(array.shape[2])
    return least is not None and min(array.shape[:2]) >= least


def as_array(image, name):
    """Return numbers as an array, a PIL image as grey or colour; TypeError, ValueError for others.

    What is transparent is shown on white.
    """
    if isinstance(image, Image.Image):
        return np.asarray(_opaque(image))
    if hasattr(image, "detach"):
        image = image.detach().cpu()
        image = image.float() if image.dtype.is_floating_point else image
    try:
        array = np.asarray(image)
    except ValueError as error:  # what numpy says of lists whose parts differ in shape
        raise TypeError(
            f"{name} must be an array or a tensor, got a {type(image).__name__} of parts "
            "that differ in shape"
        ) from error
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name} must hold numbers, got {type(image).__name__} of {array.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite values, which have no colour")
    return array


def _opaque(image):
    if image.mode == "La":  # PIL turns it into nothing else
        image = image.convert("LA")
    if image.mode in NUMBERS and (image.mode != "L" or not image.has_transparency_data):
        return image
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return image.convert("L" if image.mode == "1" else "RGB")


def _channels_last(picture):
    if picture.ndim == 3 and picture.shape[0] in (1, 3):
        picture = picture.transpose(1, 2, 0)
    if picture.ndim == 3 and picture.shape[2] == 1:
        picture = picture[:, :, 0]
    is_picture = picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 3)
    if not is_picture or picture.size == 0:
        colour = "; image[..., :3] is in colour" if picture.shape[-1:] == (4,) else ""
        raise ValueError(
            f"an image has shape {picture.shape}; expected (H, W), or (C, H, W) with 1 or 3 "
            "channels. Other channels are not colours: show them one at a time, "
            f"image[:, None]{colour}"
        )
    return picture


def _stretched(pictures):
    """Bytes are known to go to 255; of all other numbers the range is what is found."""
    others = [picture for picture in pictures if picture.dtype != np.uint8]
    low = min((float(picture.min()) for picture in others), default=0)
    high = max((float(picture.max()) for picture in others), default=1)
    if low >= 0 and high <= 1:
        low, high = 0, 1
    width = max(high - low, 1e-12)
    return [p / 255 if p.dtype == np.uint8 else (p.astype(float) - low) / width for p in pictures]
