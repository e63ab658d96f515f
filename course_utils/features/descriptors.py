"""What a patch looks like, in numbers: the raw material of visual words."""

import numpy as np

from course_utils.features.hog import image_gradient, orientation_maps, triangle_weights
from course_utils.features.images import check_image, positive_int

_CELLS, _DIRECTIONS = 4, 8  # Lowe's: 4 x 4 x 8 = 128 numbers


def gradient_descriptors(image, patch=16, stride=8) -> np.ndarray:
    """Describe a grid of patches by their gradient directions, in the manner of SIFT.

    Each patch is divided into 4x4 cells; each cell holds a histogram of 8 gradient directions over the full
    turn. Votes are the gradient's magnitude, shared linearly among neighbouring directions and cells and
    weighted by a Gaussian around the patch's centre of half the patch as standard deviation. The 128 numbers
    are scaled to length 1, clipped at 0.2 and scaled again (Lowe, "Distinctive image features from
    scale-invariant keypoints", IJCV 2004). SIFT proper also chooses where, how large and which way round the
    patches are; here they lie on a regular grid (Fei-Fei and Perona, CVPR 2005, found that better for
    scenes).

    Parameters
    ----------
    image : array, shape (H, W) or (H, W, C)
        of several channels each pixel uses the one with the steepest gradient.
    patch, stride : int
        side of a patch and distance from one patch to the next, in pixels.

    Returns
    -------
    float64 array, shape (rows, cols, 128), for ``rows = (H - patch) // stride + 1`` and ``cols`` likewise. A
    patch without any gradient gives zeros.

    Raises
    ------
    TypeError, ValueError
        if an argument is none of the above, or the image is smaller than one patch.
    """
    image, patch, stride = _check(image, patch, stride)
    gy, gx = image_gradient(image)
    maps = orientation_maps(gy, gx, _DIRECTIONS, turn=360)
    offset = np.arange(patch) + 0.5 - patch / 2
    pool = triangle_weights(_CELLS, patch / _CELLS, patch) * np.exp(-0.5 * (offset / (patch / 2)) ** 2)
    # Cells and Gaussian are products of a row part and a column part, so rows are pooled first, then columns.
    pooled = _windows(maps, patch, stride, axis=1) @ pool.T  # (8, rows, W, 4)
    pooled = _windows(pooled, patch, stride, axis=2) @ pool.T  # (8, rows, cols, 4, 4)
    descriptors = np.moveaxis(pooled, 0, -1).reshape(*pooled.shape[1:3], -1)
    return _unit_length(np.minimum(_unit_length(descriptors), 0.2))


def pixel_descriptors(image, patch=8, stride=4) -> np.ndarray:
    """Describe a grid of patches by their pixels, each patch brought to mean 0 and standard deviation 1.

    Of a colour picture all channels count. A patch with hardly any contrast (variance well below ``10 /
    255**2`` for values from 0 to 1) stays near zero (Coates, Ng and Lee, AISTATS 2011). uint8 is read as 0 to
    1 in steps of 1/255.

    Returns
    -------
    float64 array, shape (rows, cols, patch * patch * C), with rows and cols as in
    :func:`gradient_descriptors`.
    """
    image, patch, stride = _check(image, patch, stride)
    pixels = image / 255.0 if image.dtype == np.uint8 else image.astype(np.float64)
    patches = _windows(_windows(pixels, patch, stride, axis=0), patch, stride, axis=1)
    if image.ndim == 3:
        patches = np.moveaxis(patches, 2, -1)  # channels last, inside a patch too
    patches = patches.reshape(*patches.shape[:2], -1)
    patches = patches - patches.mean(axis=-1, keepdims=True)
    return patches / np.sqrt((patches**2).mean(axis=-1, keepdims=True) + 10 / 255**2)


def fit_whitening(descriptors, epsilon=0.1) -> tuple[np.ndarray, np.ndarray]:
    """Return (mean, matrix) such that ``(descriptors - mean) @ matrix`` is nearly uncorrelated (ZCA).

    Neighbouring pixels resemble each other, so that raw patches mostly differ in their slow shading.
    Whitening gives every direction about the same variance; ``epsilon``, added to each variance, keeps noise
    from being blown up.

    Parameters
    ----------
    descriptors : array, shape (n, d), with n at least 2

    Returns
    -------
    float64 arrays of shape (d,) and (d, d); the matrix is symmetric.
    """
    descriptors = np.asarray(descriptors, np.float64)
    if descriptors.ndim != 2 or len(descriptors) < 2:
        raise ValueError(f"descriptors has shape {descriptors.shape}; it must be (n, d) with at least 2 rows")
    mean = descriptors.mean(axis=0)
    variances, directions = np.linalg.eigh(
        np.cov(descriptors, rowvar=False, bias=True).reshape(mean.size, -1)
    )
    scale = 1 / np.sqrt(np.maximum(variances, 0) + epsilon)
    return mean, (directions * scale) @ directions.T


def _check(image, patch, stride):
    image, patch, stride = check_image(image), positive_int(patch, "patch"), positive_int(stride, "stride")
    if min(image.shape[:2]) < patch:
        raise ValueError(
            f"image is {image.shape[0]}x{image.shape[1]} pixels, smaller than one patch of {patch}x{patch}"
        )
    return image, patch, stride


def _windows(array, patch, stride, axis):
    """Windows of ``patch`` steps along one axis, every ``stride``; their inside becomes the last axis."""
    windows = np.lib.stride_tricks.sliding_window_view(array, patch, axis)
    return windows[(slice(None),) * axis + (slice(None, None, stride),)]


def _unit_length(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
