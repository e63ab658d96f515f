"""Colour histograms: which colours a picture has, and how much of each, wherever they are.

Swain and Ballard, "Color indexing", International Journal of Computer Vision 7, 1991.
"""

import numpy as np

from course_utils.features.images import check_image, positive_int

SPACES = ("rgb", "hsv")


def color_histogram(image, bins=8, space="rgb", *, weights=None) -> np.ndarray:
    """Return the joint histogram of a colour picture's three channels, as shares of the whole.

    Parameters
    ----------
    image : array, shape (H, W, 3)
        RGB, as uint8 from 0 to 255 or as floats from 0 to 1.
    bins : int or three ints
        equal bins over each channel's range; the brightest value falls in the last one.
    space : "rgb" or "hsv"
        what is counted: red, green and blue, or hue, saturation and value. Hue is an angle, so its first and
        last bins are neighbours, and grey has none. A pixel of saturation s therefore gives the share s of
        its vote to its own hue and spreads the rest evenly over all hues: the histogram does not jump when a
        grey pixel turns a shade bluer.
    weights : array, shape (H, W), optional
        how much each pixel counts, at least 0; an alpha matte, for instance, to leave out the background.

    Returns
    -------
    float64 array, shape (bins, bins, bins)
        that adds up to 1. ``ravel()`` makes it a feature vector.

    Raises
    ------
    TypeError, ValueError
        if an argument is none of the above, or all weights are zero.

    Examples
    --------
    >>> red = np.zeros((4, 6, 3), np.uint8)
    >>> red[..., 0] = 255
    >>> color_histogram(red, bins=2)[1, 0, 0]
    np.float64(1.0)
    """
    if space not in SPACES:
        raise ValueError(f"space is {space!r}; it must be one of {SPACES}")
    image, top = _check_rgb(image)
    bins = (bins,) * 3 if np.ndim(bins) == 0 else tuple(bins)
    if len(bins) != 3:
        raise ValueError(f"bins is {bins!r}; it must be one number for all three channels, or three")
    bins = tuple(positive_int(b, "bins") for b in bins)
    weights = _check_weights(weights, image.shape[:2])

    pixels = image.reshape(-1, 3)
    if space == "rgb":
        histogram = _joint(pixels, bins, top, weights)
    else:
        pixels = rgb_to_hsv(pixels)
        saturation = pixels[:, 1]
        weights = np.ones(len(pixels)) if weights is None else weights
        histogram = _joint(pixels, bins, 1, weights * saturation)
        without_hue = _joint(pixels, bins, 1, weights * (1 - saturation)).sum(axis=0)
        histogram += without_hue / bins[0]
    return histogram / (len(pixels) if weights is None else weights.sum())


def rgb_to_hsv(rgb) -> np.ndarray:
    """Convert colours (..., 3) from RGB to hue, saturation and value, each from 0 to 1.

    Hue is a fraction of the turn red, green, blue, red, below 1; 0 where there is none (saturation 0). uint8
    counts from 0 to 255, floats from 0 to 1 (A. R. Smith, "Color gamut transform pairs", SIGGRAPH 1978).
    """
    rgb = np.asarray(rgb)
    if rgb.ndim == 0 or rgb.shape[-1] != 3:
        raise ValueError(f"rgb has shape {rgb.shape}; the last axis must hold red, green and blue")
    rgb = rgb / (255.0 if rgb.dtype == np.uint8 else 1.0)
    value = rgb.max(axis=-1)
    chroma = value - rgb.min(axis=-1)
    saturation = np.divide(chroma, value, out=np.zeros_like(value), where=value > 0)
    red, green, blue = np.moveaxis(rgb, -1, 0)
    # Within each third of the turn one channel is the largest, and the other two say how far along one is.
    step = np.where(chroma > 0, chroma, 1)
    hue = np.where(
        value == red,
        (green - blue) / step,
        np.where(value == green, 2 + (blue - red) / step, 4 + (red - green) / step),
    )
    hue = hue / 6 % 1
    hue = np.where(hue == 1, 0, hue)  # a negative number too small to show: -1e-20 % 1 is 1.0
    return np.stack([hue, saturation, value], axis=-1)


def _joint(pixels, bins, top, weights):
    """Histogram of (n, 3) values from 0 to ``top``: a pixel's bins make one number, which is counted."""
    packed = np.zeros(len(pixels), np.intp)
    for values, n in zip(pixels.T, bins, strict=True):
        inner_edges = np.linspace(0, top, n + 1)[1:-1]
        if values.dtype == np.uint8:  # 256 possible values: look them up
            bin_of = np.searchsorted(inner_edges, np.arange(256), side="right")[values]
        else:
            bin_of = np.searchsorted(inner_edges, values, side="right")
        packed = packed * n + bin_of
    return np.bincount(packed, weights, minlength=np.prod(bins)).reshape(bins).astype(np.float64)


def _check_rgb(image):
    """The picture, and the upper end of its channels' range."""
    image = check_image(image)
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"image has shape {image.shape}; a colour histogram needs (height, width, 3)")
    if image.dtype == np.uint8:
        return image, 256  # the values 0 ... 255 are the unit intervals of 0 ... 256
    if image.dtype.kind != "f":
        raise TypeError(f"image has dtype {image.dtype}; it must be uint8 (0 to 255) or floats (0 to 1)")
    if image.min() < 0 or image.max() > 1:
        raise ValueError(
            f"image has values from {image.min():g} to {image.max():g}; floats must lie from 0 to 1"
        )
    return image, 1


def _check_weights(weights, shape):
    if weights is None:
        return None
    weights = np.asarray(weights, np.float64)
    if weights.shape != shape:
        raise ValueError(
            f"weights has shape {weights.shape}; it must be the image's height and width, {shape}"
        )
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
        raise ValueError("weights must be finite, at least 0, and not all 0")
    return weights.ravel()
