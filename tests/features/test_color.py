"""Colour histograms against numpy.histogramdd, and hue as the circle that it is."""

import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib import colors
from skimage.color import rgb2hsv

from course_utils.features import color_histogram, rgb_to_hsv
from tests.features.photos import PHOTOS

shapes = st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3))
bytes_images = hnp.arrays(np.uint8, shapes)
float_images = hnp.arrays(np.float64, shapes, elements=st.floats(0, 1))
any_bins = st.one_of(st.integers(1, 40), st.tuples(*[st.integers(1, 20)] * 3))


def oracle(image, bins, top, weights=None):
    bins = (bins,) * 3 if isinstance(bins, int) else bins
    counts, _ = np.histogramdd(image.reshape(-1, 3), bins, range=[(0, top)] * 3, weights=weights)
    return counts / (image[..., 0].size if weights is None else weights.sum())


@pytest.mark.parametrize("name", ["astronaut", "coffee", "china"])
def test_equals_histogramdd_on_photos(name):
    image = PHOTOS[name]()
    np.testing.assert_array_equal(color_histogram(image), oracle(image, 8, 256))
    np.testing.assert_array_equal(color_histogram(image / 255), oracle(image / 255, 8, 1))


@given(bytes_images, any_bins)
def test_equals_histogramdd_for_any_number_of_bins(image, bins):
    np.testing.assert_array_equal(color_histogram(image, bins), oracle(image, bins, 256))


@given(float_images, any_bins)
def test_equals_histogramdd_for_floats(image, bins):
    np.testing.assert_array_equal(color_histogram(image, bins), oracle(image, bins, 1))


@given(bytes_images, any_bins, st.integers(0, 9))
def test_equals_histogramdd_with_weights(image, bins, seed):
    weights = np.random.default_rng(seed).random(image.shape[:2]) + 0.1
    np.testing.assert_allclose(
        color_histogram(image, bins, weights=weights), oracle(image, bins, 256, weights.ravel()), atol=1e-15
    )


def test_ends_of_the_range_fall_in_the_end_bins():
    black_and_white = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    for image in (black_and_white, black_and_white / 255):
        histogram = color_histogram(image, 8)
        assert histogram[0, 0, 0] == histogram[7, 7, 7] == 0.5


@given(bytes_images, st.integers(1, 12), st.sampled_from(["rgb", "hsv"]))
def test_adds_up_to_one_and_does_not_care_where_pixels_are(image, bins, space):
    histogram = color_histogram(image, bins, space)
    assert histogram.sum() == pytest.approx(1)
    assert (histogram >= 0).all()
    shuffled = np.random.default_rng(0).permutation(image.reshape(-1, 3)).reshape(image.shape)
    np.testing.assert_allclose(color_histogram(shuffled, bins, space), histogram, atol=1e-14)


def test_a_matte_leaves_out_the_background():
    image = np.zeros((4, 4, 3), np.uint8)
    image[1:3, 1:3] = [200, 30, 30]
    matte = np.zeros((4, 4))
    matte[1:3, 1:3] = 0.7
    np.testing.assert_allclose(
        color_histogram(image, weights=matte), color_histogram(image[1:3, 1:3]), atol=1e-15
    )


# --- Hue ---


@given(bytes_images)
def test_hsv_as_matplotlib_and_scikit_image(image):
    ours = rgb_to_hsv(image)
    np.testing.assert_allclose(ours, colors.rgb_to_hsv(image / 255), atol=1e-14)
    np.testing.assert_allclose(ours, rgb2hsv(image), atol=1e-14)


@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_hsv_of_floats_as_the_standard_library(rgb):
    hue, saturation, value = rgb_to_hsv(np.array(rgb))
    assert 0 <= hue < 1
    hue_there, *rest = colorsys.rgb_to_hsv(*rgb)
    np.testing.assert_allclose([saturation, value], rest, rtol=1e-12)
    apart = abs(hue - hue_there)
    assert min(apart, 1 - apart) < 1e-9  # on the circle: 0.999... and 0 are the same red


def test_a_hair_short_of_a_full_turn_is_hue_zero():
    assert rgb_to_hsv([1.0, 0.0, 1e-20])[0] == 0


@given(st.integers(0, 7), st.integers(0, 100))
def test_turning_the_hue_rolls_the_histogram(turn, seed):
    rng = np.random.default_rng(seed)
    hsv = np.stack(
        [(rng.integers(0, 8, 50) + 0.5) / 8, rng.uniform(0.2, 1, 50), rng.uniform(0.2, 1, 50)], -1
    )[None]
    turned = hsv.copy()
    turned[..., 0] = (turned[..., 0] + turn / 8) % 1
    plain = color_histogram(colors.hsv_to_rgb(hsv), (8, 1, 1), "hsv")
    np.testing.assert_allclose(
        color_histogram(colors.hsv_to_rgb(turned), (8, 1, 1), "hsv"), np.roll(plain, turn, axis=0), atol=1e-12
    )


@given(bytes_images, st.integers(1, 10))
def test_hsv_votes_are_shared_by_saturation(image, bins):
    hsv = colors.rgb_to_hsv(image / 255).reshape(-1, 3)
    own = np.histogramdd(hsv, (bins,) * 3, [(0, 1)] * 3, weights=hsv[:, 1])[0]
    none = np.histogramdd(hsv[:, 1:], (bins,) * 2, [(0, 1)] * 2, weights=1 - hsv[:, 1])[0]
    expected = (own + none / bins) / len(hsv)
    np.testing.assert_allclose(
        color_histogram(image, bins, "hsv").sum(axis=0), expected.sum(axis=0), atol=1e-12
    )
    np.testing.assert_allclose(color_histogram(image, bins, "hsv"), expected, atol=1e-12)


@pytest.mark.parametrize("level", [0, 100, 255])
def test_grey_has_no_hue(level):
    histogram = color_histogram(np.full((3, 5, 3), level, np.uint8), 6, "hsv")
    by_hue = histogram.sum(axis=(1, 2))
    np.testing.assert_allclose(by_hue, 1 / 6)
    assert np.count_nonzero(histogram.sum(axis=(0, 2))) == 1  # all in the lowest saturation


def test_nearly_grey_is_nearly_grey():
    grey = color_histogram(np.full((4, 4, 3), 0.5), 6, "hsv")
    bluish = color_histogram(np.broadcast_to([0.5, 0.5, 0.5001], (4, 4, 3)), 6, "hsv")
    assert np.abs(grey - bluish).max() < 1e-3


# --- Bad input ---


@pytest.mark.parametrize(
    "error, message, call",
    [
        (ValueError, "space is 'lab'", lambda: color_histogram(np.zeros((4, 4, 3)), space="lab")),
        (ValueError, r"image has shape \(4, 4\)", lambda: color_histogram(np.zeros((4, 4)))),
        (ValueError, r"image has shape \(4, 4, 4\)", lambda: color_histogram(np.zeros((4, 4, 4)))),
        (TypeError, "int64", lambda: color_histogram(np.zeros((4, 4, 3), np.int64))),
        (ValueError, "from 0 to 200", lambda: color_histogram(np.linspace(0, 200, 48).reshape(4, 4, 3))),
        (ValueError, "bins is 0", lambda: color_histogram(np.zeros((4, 4, 3)), 0)),
        (ValueError, r"bins is \(8, 8\)", lambda: color_histogram(np.zeros((4, 4, 3)), (8, 8))),
        (TypeError, "bins is 2.5", lambda: color_histogram(np.zeros((4, 4, 3)), 2.5)),
        (
            ValueError,
            r"weights has shape \(4,\)",
            lambda: color_histogram(np.zeros((4, 4, 3)), weights=np.ones(4)),
        ),
        (ValueError, "not all 0", lambda: color_histogram(np.zeros((4, 4, 3)), weights=np.zeros((4, 4)))),
        (ValueError, "at least 0", lambda: color_histogram(np.zeros((4, 4, 3)), weights=-np.ones((4, 4)))),
        (ValueError, "rgb has shape", lambda: rgb_to_hsv(np.zeros((5, 4)))),
    ],
)
def test_bad_input_is_named(error, message, call):
    with pytest.raises(error, match=message):
        call()
