"""Scikit-learn's handwritten digits: 1,797 pictures of 8 x 8 pixels, carried in that package.

Source: E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning
Repository, 1998.
"""

import numpy as np

from course_utils.data.labelled import LabelledImages

TEST_SIZE = 500


def digits(split: str) -> LabelledImages:
    """Handwritten digits, small enough for anything.

    >>> images, labels, names = digits("train")
    >>> images.shape, images.dtype, names[labels[0]]
    ((1297, 1, 8, 8), dtype('uint8'), '0')

    Parameters
    ----------
    split
        ``"train"`` or ``"test"``: the last 500, which other people wrote. Mixing writers would make it
        easier.

    Returns
    -------
    LabelledImages
        ``images`` (N, 1, 8, 8) uint8, the seventeen levels spread over 0 (paper) to 255 (ink); ``labels``
        (N,) int64; ``class_names`` "0" to "9".

    Raises
    ------
    ValueError
        ``split`` is neither of the two.
    """
    if split not in ("train", "test"):
        raise ValueError(f"split is {split!r}; it is 'train' or 'test'")
    from sklearn.datasets import load_digits

    found = load_digits()
    part = slice(-TEST_SIZE, None) if split == "test" else slice(-TEST_SIZE)
    images = np.rint(found.images[part, None] * (255 / 16)).astype(np.uint8)
    return LabelledImages(images, found.target[part].astype(np.int64), tuple("0123456789"))
