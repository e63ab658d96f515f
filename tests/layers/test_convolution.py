"""The three tellings of the convolution layer against torch, and against each other."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from course_utils import layers
from course_utils.layers import columns
from course_utils.layers.shifts import Shifts, layout_for
from course_utils.layers.sliding import Window
from tests.layers.oracle import assert_layer, assert_same, draw, torch

TELLINGS = {
    "loops": (layers.conv2d_loops, layers.conv2d_loops_backward),
    "windows": (layers.conv2d_windows, layers.conv2d_windows_backward),
    "columns": (layers.conv2d, layers.conv2d_backward),
}


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def cases(draw_from, same_width=False):
    """Arrays and settings of a convolution that fits; with ``same_width`` of one whose output is as wide."""
    groups = draw_from(st.integers(1, 3))
    batch, channels, filters = (draw_from(st.integers(low, 3)) for low in (0, 1, 1))
    size, kernel = draw_from(pairs(1, 9)), draw_from(pairs(1, 4))
    options = {
        "stride": draw_from(pairs(1, 3)),
        "padding": draw_from(pairs(0, 3)),
        "dilation": draw_from(pairs(1, 3)),
    }
    if same_width:
        kernel = kernel[0], draw_from(st.sampled_from([1, 3, 5]))
        options["stride"] = (1, 1)
        options["padding"] = options["padding"][0], options["dilation"][1] * (kernel[1] - 1) // 2
    for axis in (0, 1):
        assume(size[axis] + 2 * options["padding"][axis] > options["dilation"][axis] * (kernel[axis] - 1))
    seed = draw_from(st.integers(0, 99))
    x = draw(seed, batch, groups * channels, *size)
    w, b = draw(seed + 1, groups * filters, channels, *kernel), draw(seed + 2, groups * filters)
    return x, w, (b if draw_from(st.booleans()) else None), options | {"groups": groups}


@pytest.mark.parametrize("telling", TELLINGS)
@settings(max_examples=150)
@given(cases())
def test_forward_and_backward_are_torchs(telling, case):
    assert_torchs(telling, *case)


@given(cases(same_width=True))
def test_same_convolutions_which_have_a_layout_of_their_own(case):
    x, w, _, options = case
    window = Window.over(x, w.shape[2:], **{key: options[key] for key in ("stride", "padding", "dilation")})
    assert isinstance(layout_for(window), Shifts)
    assert_torchs("columns", *case)


def assert_torchs(telling, x, w, b, options):
    forward, backward = TELLINGS[telling]

    def torchs(x, w, b=None):
        return torch.nn.functional.conv2d(x, w, b, **options)

    def ours(x, w, b=None):
        return forward(x, w, b, **options)

    if b is None:
        assert_layer(ours, lambda dout, cache: backward(dout, cache)[:2], torchs, [x, w])
        out, cache = ours(x, w)
        assert backward(np.ones_like(out), cache)[2] is None
    else:
        assert_layer(ours, backward, torchs, [x, w, b])


def test_taps_further_apart_than_the_image_is_wide():
    """A shift of two rows and more: nothing of another row may get in."""
    x, w, b = draw(0, 2, 1, 6, 3), draw(1, 2, 1, 1, 5), draw(2, 2)
    assert_torchs("columns", x, w, b, {"stride": 1, "padding": (0, 4), "dilation": (1, 2), "groups": 1})


@pytest.mark.parametrize("cache_bytes", [1, 4_000, 10_000])
@pytest.mark.parametrize("stride", [1, (1, 2), 2])
def test_splitting_the_output_rows_changes_nothing(cache_bytes, stride, monkeypatch):
    """One row at a time, some rows, and a last block that is smaller than the others."""
    x, w, b = draw(0, 2, 4, 11, 9), draw(1, 6, 2, 4, 3), draw(2, 6)
    options = {"stride": stride, "padding": (2, 1), "groups": 2}
    whole, cache = layers.conv2d(x, w, b, **options)
    dout = draw(3, *whole.shape)
    gradients = layers.conv2d_backward(dout, cache)
    monkeypatch.setattr(columns, "CACHE_BYTES", cache_bytes)
    monkeypatch.setattr(columns, "FEWEST_COLUMNS", 1)
    split, cache = layers.conv2d(x, w, b, **options)
    assert_same(split, whole)
    for one, other in zip(layers.conv2d_backward(dout, cache), gradients, strict=True):
        assert_same(one, other)


@pytest.mark.parametrize("fewest", [1, 40, 60, 1_000])
def test_images_that_share_a_product_change_nothing(fewest, monkeypatch):
    """Seven images of 5 x 4 outputs: each alone, 3 + 3 + 1, 4 + 3, all at once."""
    x, w, b = draw(0, 7, 4, 5, 4), draw(1, 6, 2, 3, 3), draw(2, 6)
    monkeypatch.setattr(columns, "FEWEST_COLUMNS", fewest)
    assert_torchs("columns", x, w, b, {"stride": 1, "padding": 1, "dilation": 1, "groups": 2})


@given(images=st.integers(0, 99), size=st.integers(1, 40))
def test_images_share_a_product_where_one_has_too_few_columns(images, size):
    window = Window.over(np.empty((1, 1, size, size)), 1, 1, 0, 1)
    together = columns.images_together(window, np.empty((images, 1, size, size)))
    enough = -(-columns.FEWEST_COLUMNS // (size * size))
    assert max(1, min(enough, images)) <= together < max(2, 2 * enough)


def test_large_images_share_no_product_that_takes_much_memory():
    x = np.empty((600, 16, 56, 56), np.float32)
    together = columns.images_together(Window.over(x, 56, 1, 0, 1), x)
    assert together >= 2 and together * x[0].nbytes <= 2 * columns.MOST_BYTES


def test_images_of_an_earlier_product_do_not_overflow_in_a_later(monkeypatch):
    """Four large images, then three small ones: half floats could not hold the sums of the large."""
    monkeypatch.setattr(columns, "FEWEST_COLUMNS", 60)
    x = np.ones((7, 1, 5, 4), np.float16)
    x[:4] = 30_000
    w = np.ones((1, 1, 3, 3), np.float16)
    with np.errstate(over="ignore", invalid="ignore"):
        out, cache = layers.conv2d(x, w, padding=1)
    with np.errstate(all="raise"):
        dx, _, _ = layers.conv2d_backward(np.full_like(out, 1e-3), cache)
    assert dx.shape == x.shape and np.isfinite(dx).all()


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(TELLINGS, 2)))
def test_any_backward_takes_any_forwards_cache(first, second):
    x, w, b = draw(0, 2, 4, 6, 5), draw(1, 6, 2, 3, 2), draw(2, 6)
    out, cache = TELLINGS[first][0](x, w, b, stride=2, padding=1, groups=2)
    dout = draw(3, *out.shape)
    for one, other in zip(TELLINGS[first][1](dout, cache), TELLINGS[second][1](dout, cache), strict=True):
        assert_same(one, other)


@pytest.mark.parametrize("telling", TELLINGS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_the_dtype_is_kept(telling, dtype):
    x, w, b = (array.astype(dtype) for array in (draw(0, 2, 3, 6, 5), draw(1, 4, 3, 3, 3), draw(2, 4)))
    forward, backward = TELLINGS[telling]
    out, cache = forward(x, w, b, padding=1)
    assert out.dtype == dtype
    exact = layers.conv2d(*(array.astype(np.float64) for array in (x, w, b)), padding=1)[0]
    np.testing.assert_allclose(out.astype(np.float64), exact, atol=60 * np.finfo(dtype).eps + 1e-13)
    assert all(gradient.dtype == dtype for gradient in backward(np.ones_like(out), cache))


@pytest.mark.parametrize("telling", TELLINGS)
def test_memory_layout_does_not_matter(telling):
    forward, backward = TELLINGS[telling]
    arrays = draw(0, 2, 4, 6, 5), draw(1, 6, 2, 3, 2), draw(2, 6)
    out, cache = forward(*arrays, groups=2)
    dout = draw(3, *out.shape)
    expected = [out, *backward(dout, cache)]

    def scattered(array):
        """The same numbers, every second in memory, axes stored the other way round."""
        room = np.full([2 * size for size in array.shape[::-1]], np.nan).T
        view = room[(slice(None, None, 2),) * array.ndim]
        view[...] = array
        return view

    assert not scattered(arrays[0]).flags.c_contiguous
    out, cache = forward(*map(scattered, arrays), groups=2)
    for one, other in zip([out, *backward(scattered(dout), cache)], expected, strict=True):
        assert_same(one, other)


@pytest.mark.parametrize("telling", TELLINGS)
def test_gradients_are_ones_own(telling):
    """Writing into a result must never reach an input, a cache or another result."""
    forward, backward = TELLINGS[telling]
    x, w, b = draw(0, 1, 2, 3, 3), draw(1, 2, 2, 1, 1), draw(2, 2)
    out, cache = forward(x, w, b)
    results = [out, *backward(out, cache)]
    assert all(result.flags.c_contiguous for result in results)
    for one, other in itertools.combinations([x, w, b, *results], 2):
        assert not np.shares_memory(one, other)


@pytest.mark.parametrize("telling", TELLINGS)
def test_convolution_is_cross_correlation(telling):
    """A kernel with one 1 at its upper left corner shifts the image up and left: nothing is flipped."""
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    w = np.array([[[[1.0, 0.0], [0.0, 0.0]]]])
    out, _ = TELLINGS[telling][0](x, w)
    np.testing.assert_array_equal(out[0, 0], [[0, 1], [3, 4]])


def test_a_filter_as_large_as_the_image_is_a_linear_layer():
    x, w, b = draw(0, 2, 3, 5, 4), draw(1, 7, 3, 5, 4), draw(2, 7)
    out, _ = layers.conv2d(x, w, b)
    assert_same(out[:, :, 0, 0], layers.linear(x.reshape(2, -1), w.reshape(7, -1), b)[0])
