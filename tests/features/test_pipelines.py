"""Features in scikit-learn: its conventions, and classifiers that beat chance on real pictures."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

from course_utils.features import (
    HOG,
    ColorHistogram,
    Pixels,
    VisualWords,
    color_histogram,
    hog,
    image_classifier,
)
from tests.features.photos import PHOTOS


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    return data.images[:1000], data.target[:1000]


SMALL = {
    "pixels": Pixels(),
    "hog": HOG(cell=2, block=2),
    "words": VisualWords(40, patch=4, stride=1, levels=2),
    "raw words": VisualWords(40, patch=4, stride=1, descriptor="pixels", levels=2),
}


# Chance is 0.1. The bound leaves several points to what was measured: .90, .90, .93, .90.
@pytest.mark.parametrize("name", SMALL)
def test_classifiers_read_digits(name, digits):
    images, labels = digits
    model = image_classifier(SMALL[name], C=0.1)
    assert cross_val_score(model, images, labels, cv=3).mean() > 0.85


def test_labels_that_mean_nothing_are_not_learnt(digits):
    images, labels = digits
    shuffled = np.random.default_rng(0).permutation(labels)
    assert cross_val_score(image_classifier(SMALL["hog"]), images, shuffled, cv=3).mean() < 0.2


@pytest.mark.parametrize("loss", ["softmax", "hinge"])
def test_features_side_by_side(loss, digits):
    images, labels = digits
    model = image_classifier([HOG(cell=4, block=2), "pixels"], loss, C=0.01).fit(images, labels)
    assert model[0].transform(images[:3]).shape == (3, 36 + 64)
    assert model.score(images, labels) > 0.95


def test_crops_of_two_photos_are_told_apart_by_colour():
    rng = np.random.default_rng(0)
    crops, labels = [], []
    for label, name in enumerate(("flower", "coffee")):
        photo = PHOTOS[name]()
        for _ in range(40):
            y, x = rng.integers(0, photo.shape[0] - 48), rng.integers(0, photo.shape[1] - 48)
            crops.append(photo[y : y + 48, x : x + 48])
            labels.append(label)
    for features in ("color", ("color", "hog")):
        assert cross_val_score(image_classifier(features, C=0.01), crops, labels, cv=5).mean() > 0.75


def test_rows_are_the_functions_values():
    photo = PHOTOS["coffee"]()[:64, :72]
    batch = np.stack([photo, photo[::-1]]).transpose(0, 3, 1, 2)  # (N, C, H, W), as data sets have it
    for transformer, function in (
        (HOG(norm=None, orientations=6), lambda p: hog(p, 6, norm=None)),
        (ColorHistogram(4, "hsv"), lambda p: color_histogram(p, 4, "hsv").ravel()),
        (Pixels(), np.ravel),
    ):
        expected = [function(photo), function(photo[::-1])]
        np.testing.assert_array_equal(transformer.fit_transform([photo, photo[::-1]]), expected)
        np.testing.assert_array_equal(transformer.fit_transform(batch), expected)


def test_one_grey_channel_is_no_channel(digits):
    images, _ = digits
    np.testing.assert_array_equal(
        HOG(cell=4, block=2).fit_transform(images[:5, None]), HOG(cell=4, block=2).fit_transform(images[:5])
    )


def test_grid_search_reaches_into_the_features(digits):
    images, labels = digits
    search = GridSearchCV(
        make_pipeline(image_classifier(HOG(cell=4, block=1))), {"pipeline__hog__orientations": [1, 6]}, cv=2
    ).fit(images[:200], labels[:200])
    assert search.best_params_ == {"pipeline__hog__orientations": 6}


def test_random_state_reaches_the_codebook():
    model = image_classifier(["hog", "words"], random_state=7)
    assert model.get_params()["featureunion__visualwords__random_state"] == 7
    assert model[-1].random_state == 7


@pytest.mark.parametrize("transformer", [Pixels(), ColorHistogram(), HOG()], ids=lambda t: type(t).__name__)
@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
    ],
)
def test_estimator_conventions(transformer, check):
    check(type(transformer).__name__, transformer)


def test_get_params_set_params_clone(digits):
    images, _ = digits
    transformer = HOG(cell=4, block=2).fit(images)
    copy = clone(transformer)
    assert copy.get_params() == {
        "orientations": 9, "cell": 4, "block": 2, "norm": "L2-Hys", "interpolate": False,
    }  # fmt: skip
    with pytest.raises(NotFittedError):
        copy.transform(images)
    assert copy.set_params(norm=None).fit_transform(images).shape == (1000, 2 * 2 * 9)
    assert len(transformer.get_feature_names_out()) == 36
    assert transformer.get_feature_names_out()[0] == "hog0"


@pytest.mark.parametrize(
    "message, call",
    [
        ("features has 'surf'", lambda: image_classifier("surf")),
        ("features is empty", lambda: image_classifier([])),
        ("loss is 'mse'", lambda: image_classifier(loss="mse")),
        ("images is empty", lambda: HOG().fit([])),
        (r"a batch has shape \(N, H, W\)", lambda: HOG().fit(np.zeros((32, 32)))),
        ("28 channels", lambda: HOG().fit(np.zeros((5, 28, 28, 1)))),
        (
            "all pictures must have one size",
            lambda: HOG().fit(np.zeros((1, 32, 32))).transform(np.zeros((1, 32, 40))),
        ),
    ],
)
def test_bad_input_is_named(message, call):
    with pytest.raises(ValueError, match=message):
        call()
