"""Pooling: each channel for itself, one number for each window.

x     (N, C, H, W)
out   (N, C, H_out, W_out), sizes as for a convolution

``kernel``, ``stride`` (by default the kernel: windows side by side), ``padding`` and ``dilation`` are whole
numbers or pairs (vertical, horizontal). ``ceil_mode`` adds a last window that hangs over the edge where the
division leaves a remainder, as in torch. No parameters to learn: backward returns ``dx`` alone.

Errors: TypeError for what is no array of floats; ValueError for a wrong number of axes, for a window that
does not fit, and for padding of more than half a window, where a window could see nothing but padding.
"""

from math import prod

import numpy as np

from course_utils.layers import arguments
from course_utils.layers.sliding import Window


def max_pool2d(x, kernel, stride=None, padding=0, dilation=1, ceil_mode=False):
    """The largest number in each window; padding never wins. x (N, C, H, W), out (N, C, H_out, W_out).

    Source: Ranzato et al. 2007; overlapping windows (3x3, stride 2): Krizhevsky et al. 2012, section 3.4.
    """
    window = _window(x, kernel, stride, padding, dilation, ceil_mode)
    _check_every_window_sees_pixels(window)
    out = np.full((*x.shape[:2], *window.output_size), -np.inf, x.dtype)
    winner = np.zeros(out.shape, np.min_scalar_type(prod(window.kernel)))
    for tap, seen in enumerate(window.taps(window.pad(x, -np.inf))):
        better = (seen > out) | np.isnan(seen)  # a tie stays with the first; nan is passed on
        np.maximum(winner, better * winner.dtype.type(tap), out=winner)  # the last to be better has won
        np.maximum(out, seen, out=out)
    return out, (x.shape, x.dtype, window, winner)


def max_pool2d_backward(dout, cache):
    """The whole gradient goes to the winner (the first of equals); where windows overlap they add up.

    dout (N, C, H_out, W_out); returns dx (N, C, H, W).
    """
    shape, dtype, window, winner = cache
    arguments.gradient(dout, winner.shape, dtype)
    dpadded = np.zeros((*shape[:2], *window.padded_size), dtype)
    for tap, seen in enumerate(window.taps(dpadded)):
        seen += dout * (winner == tap)
    return window.crop(dpadded).copy()


def avg_pool2d(x, kernel, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window; the padding's zeros count as pixels unless ``count_include_pad=False``.

    x (N, C, H, W), out (N, C, H_out, W_out).
    What hangs over beyond the padding (``ceil_mode``) never counts. Source: LeCun et al. 1989 (subsampling).
    """
    window = _window(x, kernel, stride, padding, 1, ceil_mode)
    counted = np.zeros(window.padded_size, x.dtype)
    if count_include_pad:
        counted[
            : window.input_size[0] + 2 * window.padding[0], : window.input_size[1] + 2 * window.padding[1]
        ] = 1
    else:
        window.crop(counted)[...] = 1
    pixels = sum(window.taps(counted))
    out = sum(window.taps(window.pad(x))) / pixels
    return out, (x.shape, x.dtype, window, pixels)


def avg_pool2d_backward(dout, cache):
    """Every pixel of a window gets an equal share. dout (N, C, H_out, W_out); returns dx (N, C, H, W)."""
    shape, dtype, window, pixels = cache
    arguments.gradient(dout, (*shape[:2], *window.output_size), dtype)
    dpadded = np.zeros((*shape[:2], *window.padded_size), dtype)
    for seen in window.taps(dpadded):
        seen += dout / pixels
    return window.crop(dpadded).copy()


def global_avg_pool2d(x):
    """The mean of each channel: ``(N, C, H, W) -> (N, C)``. Source: Lin et al. 2013."""
    arguments.floats("x", x, "N C H W")
    if 0 in x.shape[2:]:
        raise ValueError(f"x must have pixels to take the mean of, not shape {x.shape}")
    return x.mean(axis=(2, 3)), (x.shape, x.dtype)


def global_avg_pool2d_backward(dout, cache):
    """Every pixel of a channel gets an equal share. dout (N, C); returns dx (N, C, H, W)."""
    (N, C, H, W), dtype = cache
    arguments.gradient(dout, (N, C), dtype)
    return np.repeat(dout / (H * W), H * W, axis=1).reshape(N, C, H, W)


def _window(x, kernel, stride, padding, dilation, ceil_mode):
    arguments.floats("x", x, "N C H W")
    window = Window.over(x, kernel, kernel if stride is None else stride, padding, dilation, ceil_mode)
    for pad, span in zip(window.padding, window.span, strict=True):
        if pad > span // 2:
            raise ValueError(
                f"padding must be at most {span // 2}, half of the window's {span} pixels, not {pad}: "
                f"a window could see nothing but padding"
            )
    return window


def _check_every_window_sees_pixels(window):
    """Dilated windows may straddle a small image even with little padding."""
    inside = window.pad(np.ones(window.input_size, bool), False)
    if not sum(window.taps(inside)).all():
        raise ValueError(
            f"dilation {window.dilation} with kernel {window.kernel} and padding {window.padding} makes "
            f"windows that see nothing but padding of an input of {window.input_size}: reduce one of them"
        )
