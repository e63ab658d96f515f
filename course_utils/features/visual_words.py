"""A bag of visual words: cut pictures into patches, name each by the most similar in a codebook, count names.

Csurka et al., "Visual categorization with bags of keypoints", ECCV workshop 2004; Fei-Fei and Perona, "A
Bayesian hierarchical model for learning natural scene categories", CVPR 2005.
"""

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.cluster import MiniBatchKMeans
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from course_utils.features.descriptors import fit_whitening, gradient_descriptors, pixel_descriptors
from course_utils.features.images import as_pictures, positive_int
from course_utils.features.word_histograms import nearest_words, pyramid_histogram

DESCRIPTORS = {"gradients": gradient_descriptors, "pixels": pixel_descriptors}


class VisualWords(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Turn pictures into histograms of visual words, as a scikit-learn transformer.

    Parameters
    ----------
    n_words : int
        size of the codebook.
    patch, stride : int
        side of a patch and distance between patches, in pixels.
    descriptor : "gradients" or "pixels"
        :func:`~.descriptors.gradient_descriptors` (in the manner of SIFT), or whitened
        :func:`~.descriptors.pixel_descriptors`.
    levels : int
        levels of the spatial pyramid: 1 counts words over the whole picture, 2 adds its four quarters, 3 its
        sixteen sixteenths.
    max_patches : int
        about how many patches the codebook is learnt from, drawn evenly from all pictures.
    random_state : int, RandomState or None
        decides which patches are drawn and where clustering begins.

    Attributes
    ----------
    codebook_ : array, shape (n_words, d)
        the words: centres of k-means clusters.
    whitening_ : (mean, matrix) or None
        what "pixels" descriptors go through.

    Examples
    --------
    >>> pictures = np.random.default_rng(0).random((5, 32, 40))
    >>> VisualWords(n_words=10).fit_transform(pictures).shape
    (5, 10)
    """

    def __init__(
        self,
        n_words=64,
        *,
        patch=16,
        stride=8,
        descriptor="gradients",
        levels=1,
        max_patches=50_000,
        random_state=0,
    ):
        self.n_words = n_words
        self.patch = patch
        self.stride = stride
        self.descriptor = descriptor
        self.levels = levels
        self.max_patches = max_patches
        self.random_state = random_state

    def fit(self, images, y=None):
        """Learn the codebook from an array (N, H, W) or (N, C, H, W), or a list of (H, W) or (H, W, C)."""
        n_words = positive_int(self.n_words, "n_words")
        levels = positive_int(self.levels, "levels")
        each = -(-positive_int(self.max_patches, "max_patches") // max(1, len(images)))
        random_state = check_random_state(self.random_state)
        sample = []
        for image in as_pictures(images):
            grid = self._describe(image)
            descriptors = grid.reshape(-1, grid.shape[-1])
            if len(descriptors) > each:
                descriptors = descriptors[random_state.choice(len(descriptors), each, replace=False)]
            sample.append(descriptors)
        if not sample:
            raise ValueError("images is empty: there is nothing to learn words from")
        sample = np.concatenate(sample)
        if len(sample) < n_words:
            raise ValueError(f"n_words is {n_words}, but the images have only {len(sample)} patches")
        self.whitening_ = fit_whitening(sample) if self.descriptor == "pixels" else None
        clusters = MiniBatchKMeans(n_words, batch_size=1024, n_init=3, random_state=random_state)
        self.codebook_ = clusters.fit(self._whiten(sample)).cluster_centers_
        self._n_features_out = n_words * sum(4**level for level in range(levels))
        return self

    def transform(self, images):
        """Return one histogram a picture: array of shape (N, n_words * (1 + 4 + 16 + ... for each level)).

        Every level's counts are shares of the picture's patches, so that a level adds up to 1 before
        weighting. Weights are Lazebnik's (1/4, 1/4, 1/2 for three levels): agreement in a smaller place
        counts more. Order: level, row, column, word.
        """
        check_is_fitted(self)
        out = np.empty((len(images), self._n_features_out))
        for row, image in zip(out, as_pictures(images), strict=True):
            row[:] = pyramid_histogram(self.words(image), len(self.codebook_), self.levels)
        return out

    def words(self, image) -> np.ndarray:
        """Return the word number of every patch of one picture: array of shape (rows, cols)."""
        check_is_fitted(self)
        grid = self._describe(image)
        flat = self._whiten(grid.reshape(-1, grid.shape[-1]))
        return nearest_words(flat, self.codebook_).reshape(grid.shape[:2])

    def _describe(self, image):
        if self.descriptor not in DESCRIPTORS:
            raise ValueError(f"descriptor is {self.descriptor!r}; it must be one of {tuple(DESCRIPTORS)}")
        return DESCRIPTORS[self.descriptor](image, self.patch, self.stride)

    def _whiten(self, descriptors):
        if self.whitening_ is None:
            return descriptors
        mean, matrix = self.whitening_
        if descriptors.shape[1] != len(mean):
            raise ValueError(
                f"a patch has {descriptors.shape[1]} numbers, but fit saw patches of {len(mean)}: "
                "pictures must have the same number of channels"
            )
        return (descriptors - mean) @ matrix

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags
