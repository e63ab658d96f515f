"""Change a picture's size without aliasing: numpy alone, so that every machine gets the same pixels."""

import numpy as np


def resize(image, height: int, width: int) -> np.ndarray:
    """Resample a picture to another size.

    Enlarging interpolates linearly between pixel centres; shrinking averages with a triangle as wide as two
    new pixels, so that fine patterns blur rather than turn into coarse ones.

    Parameters
    ----------
    image
        (H, W) or (H, W, C), real numbers. Four channels of uint8 are taken for red, green, blue and alpha:
        colours are then averaged by how opaque they are, and what cannot be seen leaves no rim.
    height, width
        The new size in pixels.

    Returns
    -------
    numpy.ndarray
        (height, width) or (height, width, C): uint8, rounded, if the picture is uint8, else float64.

    Raises
    ------
    ValueError
        The picture has another number of axes, or a size is below 1.
    """
    image = np.asarray(image)
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise ValueError(
            f"image has shape {image.shape}; it must be (height, width) or (height, width, channels)"
        )
    if height < 1 or width < 1:
        raise ValueError(f"height x width is {height}x{width}; both must be at least 1")
    matted = image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 4
    pixels = image.astype(np.float64)
    if matted:
        pixels[..., :3] *= pixels[..., 3:] / 255
    pixels = np.tensordot(_weights(image.shape[0], height), pixels, axes=1)
    pixels = np.moveaxis(np.tensordot(_weights(image.shape[1], width), pixels, axes=(1, 1)), 0, 1)
    if matted:
        alpha = pixels[..., 3:]
        np.divide(pixels[..., :3] * 255, alpha, out=pixels[..., :3], where=alpha > 0)
    if image.dtype != np.uint8:
        return pixels
    pixels = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    if matted:
        pixels[pixels[..., 3] == 0] = 0
    return pixels


def _weights(old: int, new: int) -> np.ndarray:
    """(new, old) matrix that resamples ``old`` pixels to ``new``; its rows add up to 1."""
    scale = old / new
    centres = (np.arange(new) + 0.5) * scale
    distance = np.abs(np.arange(old) + 0.5 - centres[:, None]) / max(scale, 1.0)
    weights = np.maximum(0.0, 1.0 - distance)
    return weights / weights.sum(axis=1, keepdims=True)
