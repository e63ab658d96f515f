"""Visual words against scikit-learn and SciPy, descriptors against their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.vq import vq
from sklearn.base import clone
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.image import extract_patches_2d
from sklearn.utils import estimator_checks

from course_utils.features import (
    VisualWords,
    fit_whitening,
    gradient_descriptors,
    image_gradient,
    nearest_words,
    pixel_descriptors,
    pyramid_histogram,
)
from tests.features.photos import PHOTOS


@pytest.fixture(scope="module")
def pictures():
    return [PHOTOS[name]()[:200, :241] for name in ("camera", "coins")]


# --- Nearest words ---


@given(st.integers(1, 200), st.integers(1, 30), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_nearest_words_as_scipy(n, k, d, seed):
    rng = np.random.default_rng(seed)
    descriptors, codebook = rng.normal(size=(n, d)), rng.normal(size=(k, d))
    np.testing.assert_array_equal(nearest_words(descriptors, codebook), vq(descriptors, codebook)[0])


@pytest.mark.parametrize("clusterer", [KMeans, MiniBatchKMeans])
def test_nearest_words_are_scikit_learn_s_prediction(clusterer, pictures):
    descriptors = np.concatenate([gradient_descriptors(p, 16, 4).reshape(-1, 128) for p in pictures])
    assert len(descriptors) > 4096  # more than one chunk
    clusters = clusterer(50, n_init=1, max_iter=10, random_state=0).fit(descriptors[::5])
    np.testing.assert_array_equal(
        nearest_words(descriptors, clusters.cluster_centers_), clusters.predict(descriptors)
    )


@pytest.mark.parametrize("descriptor", ["gradients", "pixels"])
def test_words_are_the_prediction_of_the_codebook_s_k_means(descriptor, pictures):
    bag = VisualWords(20, patch=8, stride=8, descriptor=descriptor).fit(pictures)
    clusters = KMeans(20, n_init=1, max_iter=1).fit(bag.codebook_)
    clusters.cluster_centers_ = bag.codebook_
    if descriptor == "gradients":
        grid = gradient_descriptors(pictures[0], 8, 8)
        flat = grid.reshape(-1, 128)
    else:
        grid = pixel_descriptors(pictures[0], 8, 8)
        mean, matrix = bag.whitening_
        flat = (grid.reshape(-1, 64) - mean) @ matrix
    words = bag.words(pictures[0])
    assert words.shape == grid.shape[:2] == ((200 - 8) // 8 + 1, (241 - 8) // 8 + 1)
    np.testing.assert_array_equal(words.ravel(), clusters.predict(flat))


# --- Histograms ---


def test_histogram_counts_words(pictures):
    bag = VisualWords(20, patch=16, stride=16).fit(pictures)
    expected = [np.bincount(bag.words(p).ravel(), minlength=20) / bag.words(p).size for p in pictures]
    np.testing.assert_allclose(bag.transform(pictures), expected, atol=1e-15)


def test_shuffling_patches_changes_where_words_are_but_not_how_many(pictures):
    bag = VisualWords(20, patch=16, stride=16, descriptor="pixels").fit(pictures)
    image = pictures[0][:192, :240]
    tiles = image.reshape(12, 16, 15, 16).swapaxes(1, 2).reshape(-1, 16, 16)
    shuffled = np.random.default_rng(0).permutation(tiles)
    shuffled = shuffled.reshape(12, 15, 16, 16).swapaxes(1, 2).reshape(192, 240)
    assert (bag.words(shuffled) != bag.words(image)).any()
    np.testing.assert_array_equal(*bag.transform([image, shuffled]))
    pyramid = clone(bag).set_params(levels=2).fit(pictures)
    assert np.abs(np.diff(pyramid.transform([image, shuffled]), axis=0)).max() > 0.001


def test_pyramid_weights_are_lazebnik_s():
    words = np.random.default_rng(0).integers(0, 5, (12, 16))
    histogram = pyramid_histogram(words, 5, levels=3)
    whole, quarters, sixteenths = np.split(histogram, [5, 5 + 20])
    assert [part.sum() for part in (whole, quarters, sixteenths)] == pytest.approx([1 / 4, 1 / 4, 1 / 2])
    np.testing.assert_allclose(quarters.reshape(4, 5).sum(axis=0), whole)
    np.testing.assert_allclose(
        quarters[5:10] * 4 * words.size, np.bincount(words[:6, 8:].ravel(), minlength=5)
    )
    np.testing.assert_allclose(pyramid_histogram(words, 5, 1), 4 * whole)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.integers(1, 6), st.integers(0, 99))
def test_every_patch_counts_once_a_level(rows, cols, levels, n_words, seed):
    words = np.random.default_rng(seed).integers(0, n_words, (rows, cols))
    histogram = pyramid_histogram(words, n_words, levels)
    assert histogram.shape == (n_words * (4**levels - 1) // 3,)
    assert histogram.sum() == pytest.approx(1)


# --- Descriptors ---


def sift_by_definition(image, patch):
    """One patch, one pixel and one vote at a time."""
    gy, gx = image_gradient(image)
    out = np.zeros((4, 4, 8))
    cell = patch / 4
    for y in range(patch):
        for x in range(patch):
            dy, dx = y + 0.5 - patch / 2, x + 0.5 - patch / 2
            vote = np.hypot(gy[y, x], gx[y, x]) * np.exp(-(dy**2 + dx**2) / (2 * (patch / 2) ** 2))
            direction = np.degrees(np.arctan2(gy[y, x], gx[y, x])) % 360 / 45
            for r in range(4):
                for c in range(4):
                    for k in range(8):
                        apart = abs(direction - (k + 0.5))
                        share = max(0, 1 - min(apart, 8 - apart))
                        share *= max(0, 1 - abs((y + 0.5) / cell - (r + 0.5)))
                        share *= max(0, 1 - abs((x + 0.5) / cell - (c + 0.5)))
                        out[r, c, k] += vote * share
    out = out.ravel() / np.linalg.norm(out)
    out = np.minimum(out, 0.2)
    return out / np.linalg.norm(out)


@pytest.mark.parametrize("patch", [16, 10])
def test_gradient_descriptor_against_its_definition(patch):
    image = np.random.default_rng(0).integers(0, 256, (patch, patch))
    descriptor = gradient_descriptors(image, patch, 1)
    assert descriptor.shape == (1, 1, 128)
    np.testing.assert_allclose(descriptor[0, 0], sift_by_definition(image, patch), atol=1e-12)


def test_gradient_descriptors_lie_on_the_grid_and_ignore_light():
    image = PHOTOS["coffee"]()[:100, :131].astype(float)
    grid = gradient_descriptors(image, 16, 7)
    assert grid.shape == ((100 - 16) // 7 + 1, (131 - 16) // 7 + 1, 128)
    np.testing.assert_allclose(np.linalg.norm(grid, axis=2), 1)
    np.testing.assert_allclose(gradient_descriptors(3 * image + 20, 16, 7), grid, atol=1e-12)
    assert not gradient_descriptors(np.full((16, 16), 9.0)).any()


@pytest.mark.parametrize("name", ["camera", "coffee"])
def test_pixel_descriptors_are_the_patches_themselves(name):
    image = PHOTOS[name]()[:30, :37]
    patches = extract_patches_2d(image / 255, (8, 8)).reshape(23, 30, -1)[::4, ::4]
    patches = patches - patches.mean(axis=2, keepdims=True)
    expected = patches / np.sqrt(patches.var(axis=2, keepdims=True) + 10 / 255**2)
    got = pixel_descriptors(image, 8, 4)
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, atol=1e-10)
    np.testing.assert_allclose(pixel_descriptors(image / 255, 8, 4), got, atol=1e-10)


def test_whitening_decorrelates(pictures):
    patches = pixel_descriptors(pictures[0], 6, 3).reshape(-1, 36)
    mean, matrix = fit_whitening(patches, epsilon=1e-6)
    white = (patches - mean) @ matrix
    variances = np.linalg.eigvalsh(np.cov(white, rowvar=False))
    # One direction is empty (every patch has mean 0); all others have variance 1.
    np.testing.assert_allclose(variances[1:], 1, atol=1e-2)
    assert variances[0] < 1e-3
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-9)


# --- As a scikit-learn estimator ---


def test_same_seed_same_words(pictures):
    first, second = (VisualWords(15, random_state=3).fit(pictures) for _ in range(2))
    np.testing.assert_array_equal(first.codebook_, second.codebook_)
    assert (VisualWords(15, random_state=4).fit(pictures).codebook_ != first.codebook_).any()


def test_max_patches_bounds_what_the_codebook_sees(pictures):
    few = VisualWords(5, max_patches=5).fit(pictures)
    with pytest.raises(ValueError, match="n_words is 7, but the images have only 6 patches"):
        VisualWords(7, max_patches=5).fit(pictures)  # 3 from each of two
    assert few.codebook_.shape == (5, 128)


def test_get_params_set_params_clone(pictures):
    bag = VisualWords(12, levels=2).fit(pictures)
    copy = clone(bag)
    assert copy.get_params() == bag.get_params()
    assert not hasattr(copy, "codebook_")
    assert copy.set_params(n_words=9, descriptor="pixels", patch=8).get_params()["n_words"] == 9
    assert copy.fit(pictures).transform(pictures).shape == (2, 9 * 5)
    assert list(bag.get_feature_names_out()[:2]) == ["visualwords0", "visualwords1"]
    assert len(bag.get_feature_names_out()) == 12 * 5


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
def test_estimator_conventions(check):
    check("VisualWords", VisualWords())


def test_colour_and_grey_do_not_mix_in_pixels(pictures):
    bag = VisualWords(5, patch=8, descriptor="pixels").fit(pictures)
    with pytest.raises(ValueError, match="a patch has 192 numbers, but fit saw patches of 64"):
        bag.transform([PHOTOS["coffee"]()[:50, :50]])


@pytest.mark.parametrize(
    "error, message, call",
    [
        (NotFittedError, "not fitted", lambda: VisualWords().transform([np.zeros((32, 32))])),
        (
            ValueError,
            "descriptor is 'surf'",
            lambda: VisualWords(descriptor="surf").fit([np.zeros((32, 32))]),
        ),
        (ValueError, "images is empty", lambda: VisualWords().fit([])),
        (
            ValueError,
            "n_words is 64, but the images have only 9 patches",
            lambda: VisualWords().fit(np.ones((1, 32, 32))),
        ),
        (ValueError, "n_words is 0", lambda: VisualWords(0).fit(np.ones((1, 32, 32)))),
        (ValueError, "levels is 0", lambda: VisualWords(levels=0).fit(np.ones((1, 32, 32)))),
        (ValueError, "smaller than one patch of 16x16", lambda: VisualWords().fit(np.ones((1, 15, 32)))),
        (ValueError, "stride is 0", lambda: gradient_descriptors(np.ones((20, 20)), stride=0)),
        (ValueError, "same number of columns", lambda: nearest_words(np.ones((3, 4)), np.ones((3, 5)))),
        (ValueError, "from 0 to 3", lambda: pyramid_histogram(np.array([[0, 3]]), 3)),
        (ValueError, "levels is 0", lambda: pyramid_histogram(np.array([[0, 3]]), 4, 0)),
        (ValueError, "float64", lambda: pyramid_histogram(np.ones((2, 2)), 3)),
        (ValueError, r"descriptors has shape \(1, 4\)", lambda: fit_whitening(np.ones((1, 4)))),
    ],
)
def test_bad_input_is_named(error, message, call):
    with pytest.raises(error, match=message):
        call()
