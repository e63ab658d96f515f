"""Hand-made features as scikit-learn transformers, and whole classifiers made of them."""

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted

from course_utils.features.color import color_histogram
from course_utils.features.hog import hog
from course_utils.features.images import as_pictures
from course_utils.features.visual_words import VisualWords


class _OnePictureAtATime(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A transformer that turns each picture into a vector on its own and learns nothing but its length."""

    def fit(self, images, y=None):
        """Look at the first picture, to know how many numbers one gives."""
        pictures = as_pictures(images)
        if not len(pictures):
            raise ValueError("images is empty: there is nothing to fit")
        self._n_features_out = len(self._describe(pictures[0]))
        return self

    def transform(self, images):
        """Return one row a picture: array of shape (N, features)."""
        check_is_fitted(self)
        rows = np.empty((len(images), self._n_features_out))
        for row, picture in zip(rows, as_pictures(images), strict=True):
            features = self._describe(picture)
            if len(features) != len(row):
                raise ValueError(
                    f"a picture of shape {np.shape(picture)} gives {len(features)} numbers, but fit saw "
                    f"{len(row)}: all pictures must have one size"
                )
            row[:] = features
        return rows

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_n_features_out")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags


class Pixels(_OnePictureAtATime):
    """The picture itself, row after row, as one vector: f = Wx on raw pixels."""

    def _describe(self, picture):
        return np.ravel(picture)


class ColorHistogram(_OnePictureAtATime):
    """:func:`~.color.color_histogram` of each picture."""

    def __init__(self, bins=8, space="rgb"):
        self.bins = bins
        self.space = space

    def _describe(self, picture):
        return color_histogram(picture, self.bins, self.space).ravel()


class HOG(_OnePictureAtATime):
    """:func:`~.hog.hog` of each picture."""

    def __init__(self, orientations=9, cell=8, block=3, norm="L2-Hys", interpolate=False):
        self.orientations = orientations
        self.cell = cell
        self.block = block
        self.norm = norm
        self.interpolate = interpolate

    def _describe(self, picture):
        return hog(picture, self.orientations, self.cell, self.block, self.norm, interpolate=self.interpolate)


FEATURES = {"pixels": Pixels, "color": ColorHistogram, "hog": HOG, "words": VisualWords}
CLASSIFIERS = {"softmax": LogisticRegression, "hinge": LinearSVC}


def image_classifier(features="hog", loss="softmax", *, C=1.0, random_state=0):
    """Build a pipeline from pictures to classes: features, standardised, then a linear classifier.

    Parameters
    ----------
    features : "pixels", "color", "hog", "words", a transformer, or a sequence of these
        what the classifier sees; of several, all of them side by side.
    loss : "softmax" or "hinge"
        logistic regression, or a linear support vector machine.
    C : float
        how much the data count against small weights: scikit-learn's inverse strength of regularisation.
    random_state : int, RandomState or None
        for what chooses at random.

    Returns
    -------
    Pipeline
        whose ``fit``, ``predict`` and ``score`` take pictures: an array (N, H, W) or (N, C, H, W), or a
        sequence of pictures (H, W) or (H, W, C).

    Raises
    ------
    ValueError
        if a name is none of the above.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> digits = load_digits()
    >>> model = image_classifier(HOG(cell=2, block=2)).fit(digits.images[:900], digits.target[:900])
    >>> bool(model.score(digits.images[900:], digits.target[900:]) > 0.9)
    True
    """
    if loss not in CLASSIFIERS:
        raise ValueError(f"loss is {loss!r}; it must be one of {tuple(CLASSIFIERS)}")
    parts = []
    for part in [features] if isinstance(features, str) or hasattr(features, "transform") else features:
        if isinstance(part, str):
            if part not in FEATURES:
                raise ValueError(f"features has {part!r}; it must be one of {tuple(FEATURES)}")
            part = FEATURES[part]()
        part = clone(part)
        if "random_state" in part.get_params():
            part.set_params(random_state=random_state)
        parts.append(part)
    if not parts:
        raise ValueError(f"features is empty; it must name at least one of {tuple(FEATURES)}")
    classifier = CLASSIFIERS[loss](C=C, random_state=random_state, max_iter=5000)
    return make_pipeline(parts[0] if len(parts) == 1 else make_union(*parts), StandardScaler(), classifier)
