"""Pooling against torch, ties, padding and windows that hang over included."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from course_utils import layers
from course_utils.arithmetic import output_size, window_span
from tests.layers.oracle import assert_layer, assert_same, draw, torch

F = torch.nn.functional


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def cases(draw_from, dilated):
    """Images, and settings of a pooling window that fits and never sees padding only."""
    size, kernel, stride = draw_from(pairs(1, 9)), draw_from(pairs(1, 4)), draw_from(pairs(1, 4))
    padding = tuple(draw_from(st.integers(0, axis // 2)) for axis in kernel)
    options = {"stride": stride, "padding": padding, "ceil_mode": draw_from(st.booleans())}
    dilation = (1, 1)
    if dilated:
        options["dilation"] = dilation = draw_from(pairs(1, 2))
    for axis in (0, 1):
        assume(size[axis] + 2 * padding[axis] >= window_span(kernel[axis], dilation[axis]))
        # torch's backward writes outside its memory where all taps of a dilated window lie in the padding.
        taps = np.arange(kernel[axis]) * dilation[axis] - padding[axis]
        outputs = output_size(
            size[axis], kernel[axis], stride[axis], padding[axis], dilation[axis], options["ceil_mode"]
        )
        pixels = taps + stride[axis] * np.arange(outputs)[:, None]
        assume(((pixels >= 0) & (pixels < size[axis])).any(axis=1).all())
    ties = draw_from(st.booleans())
    batch, channels = draw_from(st.integers(1, 2)), draw_from(st.integers(1, 3))
    return draw(draw_from(st.integers(0, 99)), batch, channels, *size, ties=ties), kernel, options


@given(cases(dilated=True))
def test_max_pool(case):
    x, kernel, options = case
    assert_layer(
        lambda x: layers.max_pool2d(x, kernel, **options),
        layers.max_pool2d_backward,
        lambda x: F.max_pool2d(x, kernel, **options),
        [x],
    )


@given(cases(dilated=False), st.booleans())
def test_avg_pool(case, count_include_pad):
    x, kernel, options = case
    options = options | {"count_include_pad": count_include_pad}
    assert_layer(
        lambda x: layers.avg_pool2d(x, kernel, **options),
        layers.avg_pool2d_backward,
        lambda x: F.avg_pool2d(x, kernel, **options),
        [x],
    )


@given(st.integers(0, 2), st.integers(1, 3), pairs(1, 5))
def test_global_avg_pool(batch, channels, size):
    assert_layer(
        layers.global_avg_pool2d,
        layers.global_avg_pool2d_backward,
        lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1) if batch else x.mean((2, 3)),
        [draw(0, batch, channels, *size)],
    )


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
def test_windows_lie_side_by_side_by_default(name):
    x = draw(0, 2, 3, 9, 8)
    assert_same(getattr(layers, name)(x, (3, 2))[0], getattr(F, name)(torch.tensor(x), (3, 2)).numpy())


@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
def test_an_empty_batch_and_the_dtype_are_kept(name):
    forward, backward = getattr(layers, name), getattr(layers, name + "_backward")
    for shape in ((0, 3, 8, 8), (2, 3, 8, 8)):
        out, cache = forward(np.ones(shape, np.float32), 2)
        dx = backward(out, cache)
        assert (out.dtype, dx.dtype) == (np.float32, np.float32)
        assert (out.shape, dx.shape) == ((shape[0], 3, 4, 4), shape)


def test_the_decks_four_by_four_example():
    x = np.array([[1.0, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]])[None, None]
    out, _ = layers.max_pool2d(x, 2)
    np.testing.assert_array_equal(out[0, 0], [[6, 8], [3, 4]])


def test_max_pool_passes_nan_on_as_torch_does():
    x = draw(0, 1, 1, 4, 4)
    x[0, 0, 1, 2] = np.nan
    tensor = torch.tensor(x, requires_grad=True)
    expected = F.max_pool2d(tensor, 2)
    out, cache = layers.max_pool2d(x, 2)
    np.testing.assert_array_equal(out, expected.detach().numpy())
    (gradient,) = torch.autograd.grad(expected.sum(), tensor)
    np.testing.assert_array_equal(layers.max_pool2d_backward(np.ones_like(out), cache), gradient.numpy())


def test_padding_does_not_win_over_negative_numbers():
    """Padding is minus infinity, not 0: it must not win over negative numbers."""
    out, _ = layers.max_pool2d(np.full((1, 1, 2, 2), -5.0), 3, stride=1, padding=1)
    assert (out == -5).all()
