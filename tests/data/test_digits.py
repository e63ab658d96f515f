import numpy as np
import pytest
from sklearn.datasets import load_digits

from course_utils.data import digits


def test_they_are_scikit_learn_s():
    theirs = load_digits()
    both = [digits(split) for split in ("train", "test")]
    images = np.concatenate([part.images for part in both])
    assert images.dtype == np.uint8 and images.shape == (1797, 1, 8, 8)
    np.testing.assert_array_equal(np.rint(images[:, 0] * (16 / 255)), theirs.images)
    np.testing.assert_array_equal(np.concatenate([part.labels for part in both]), theirs.target)
    assert images.max() == 255
    assert len(both[1].labels) == 500
    assert both[0].class_names == tuple("0123456789")
    assert np.bincount(both[1].labels).min() >= 45


def test_bad_split():
    with pytest.raises(ValueError, match="split is 'valid'"):
        digits("valid")
