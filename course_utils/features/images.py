"""What every feature asks of the picture it is given."""

import operator

import numpy as np


def check_image(image) -> np.ndarray:
    """Return ``image`` as an array of shape ``(H, W)`` or ``(H, W, C)``, unchanged otherwise.

    Photographs come as image readers and matplotlib have them, channels last; a batch of the layers' kind,
    ``(N, C, H, W)``, is a different thing and is refused.

    Raises
    ------
    TypeError
        if the pixels are not real numbers.
    ValueError
        if the shape is no picture's, or a pixel is NaN or infinite.
    """
    image = np.asarray(image)
    if image.dtype.kind not in "buif":
        raise TypeError(f"image has dtype {image.dtype}; pixels must be real numbers, as in uint8 or float64")
    if image.ndim not in (2, 3):
        raise ValueError(
            f"image has shape {image.shape}; one picture is (height, width) or (height, width, channels)"
        )
    if 0 in image.shape:
        raise ValueError(f"image has shape {image.shape}: there is no pixel in it")
    if image.ndim == 3 and image.shape[2] > 4:
        raise ValueError(
            f"image has shape {image.shape}, that is {image.shape[2]} channels; channels come last, at most 4"
        )
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        raise ValueError("image has a pixel that is NaN or infinite")
    return image


def as_pictures(images):
    """Return a batch as a sequence of single pictures, channels last.

    Parameters
    ----------
    images : array (N, H, W) or (N, C, H, W), or a sequence of pictures (H, W) or (H, W, C)
        A batch in one array has its channels where the layers and data sets have them; pictures in a list,
        which may differ in size, have them where image readers do. With one channel the axis is dropped.

    Raises
    ------
    ValueError
        if an array has another number of axes, or more than 4 channels.
    """
    if not isinstance(images, np.ndarray) or images.dtype == object:
        return images
    if images.ndim not in (3, 4):
        raise ValueError(f"images has shape {images.shape}; a batch has shape (N, H, W) or (N, C, H, W)")
    if images.ndim == 3:
        return images
    if images.shape[1] > 4:
        raise ValueError(
            f"images has shape {images.shape}, that is {images.shape[1]} channels; a batch is (N, C, H, W)"
        )
    return images[:, 0] if images.shape[1] == 1 else np.moveaxis(images, 1, -1)


def positive_pair(value, name: str) -> tuple[int, int]:
    """``value`` as (rows, columns): one positive integer for both, or two."""
    try:
        pair = (operator.index(value),) * 2
    except TypeError:
        try:
            pair = tuple(operator.index(v) for v in value)
        except TypeError:
            raise TypeError(f"{name} is {value!r}; it must be an integer or a pair of integers") from None
    if len(pair) != 2 or min(pair) < 1:
        raise ValueError(f"{name} is {value!r}; it must be a positive integer or a pair of them")
    return pair


def positive_int(value, name: str) -> int:
    """``value`` as an int of at least 1."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}; it must be an integer") from None
    if number < 1:
        raise ValueError(f"{name} is {number}; it must be at least 1")
    return number
