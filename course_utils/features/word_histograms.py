"""From descriptors to visual words, and from words to a histogram: the arithmetic of ``VisualWords``.

The pyramid is that of Lazebnik, Schmid and Ponce, "Beyond bags of features: spatial pyramid matching for
recognizing natural scene categories", CVPR 2006.
"""

import numpy as np

from course_utils.features.images import positive_int


def nearest_words(descriptors, codebook) -> np.ndarray:
    """Return for each descriptor the number of the nearest word: (n, d) and (k, d) give (n,) integers.

    ``|x - c|**2 = |x|**2 - 2 x.c + |c|**2``, and the first term is the same for all words, so one matrix
    product finds the nearest; of equals the first.
    """
    descriptors, codebook = np.asarray(descriptors), np.asarray(codebook)
    if descriptors.ndim != 2 or codebook.ndim != 2 or descriptors.shape[1] != codebook.shape[1]:
        raise ValueError(
            f"descriptors has shape {descriptors.shape} and codebook {codebook.shape}; "
            "both must be two-dimensional with the same number of columns"
        )
    half_squares = 0.5 * (codebook**2).sum(axis=1)
    words = np.empty(len(descriptors), np.intp)
    for start in range(0, len(descriptors), 4096):  # so that the distances stay in cache
        chunk = slice(start, start + 4096)
        words[chunk] = np.argmin(half_squares - descriptors[chunk] @ codebook.T, axis=1)
    return words


def pyramid_histogram(words, n_words: int, levels: int = 1) -> np.ndarray:
    """Count a (rows, cols) map of word numbers in the whole picture, in its quarters, in its sixteenths ...

    Level l counts ``1 / 2**(levels - l)``, the whole as much as the quarters (Lazebnik's weights).

    Returns
    -------
    float64 array of n_words * (1 + 4 + ... + 4**(levels - 1)) numbers that add up to 1.
    """
    words, levels = np.asarray(words), positive_int(levels, "levels")
    if words.ndim != 2 or words.size == 0 or words.dtype.kind not in "iu":
        raise ValueError(
            f"words is an array of {words.dtype} of shape {words.shape}; it must be (rows, cols) integers"
        )
    if words.min() < 0 or words.max() >= n_words:
        raise ValueError(
            f"words has numbers from {words.min()} to {words.max()}; they must lie below n_words, {n_words}"
        )
    rows, cols = words.shape
    parts = []
    for level in range(levels):
        side = 2**level
        part = (np.arange(rows) * side // rows)[:, None] * side + np.arange(cols) * side // cols
        counts = np.bincount((part * n_words + words).ravel(), minlength=side * side * n_words)
        parts.append(counts / words.size / 2 ** (levels - max(level, 1)))
    return np.concatenate(parts)
