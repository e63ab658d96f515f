"""The convolution layer, told three times: as loops, as sliding windows, as one matrix product an image.

All three compute, for output channel f of group g, with zeros outside the image,

    out[n, f, r, c] = b[f] + sum over k, i, j of x[n, g C/G + k, r s - p + i d, c s - p + j d] * w[f, k, i, j]

(s stride, p padding, d dilation, G groups), which is cross-correlation: the kernel is not flipped.

x     (N, C, H, W)               images
w     (F, C // G, K_h, K_w)      F filters; those of a group see only its C // G channels
b     (F,)                       or None
out   (N, F, H_out, W_out)       H_out = floor((H + 2 p - d (K_h - 1) - 1) / s) + 1

``stride``, ``padding`` and ``dilation`` are whole numbers or pairs (vertical, horizontal). Any float dtype
goes in, and the same comes out. Each forward returns ``(out, cache)``, each backward takes ``(dout,
cache)`` and returns ``(dx, dw, db)``, db None where b was. The three caches are alike: any backward takes
any forward's cache.

Errors, in all three: TypeError for what is no array of floats or for mixed dtypes; ValueError for a wrong
number of axes, channels that do not match, groups that do not divide, and a kernel larger than the padded
image.

Sources: LeCun et al. 1989, *Backpropagation applied to handwritten zip code recognition*; Chellapilla et
al. 2006, *High performance convolutional neural networks for document processing* (the matrix product).
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.arithmetic.axes import whole
from course_utils.layers import arguments
from course_utils.layers.columns import blocks_of_columns, images_together
from course_utils.layers.shifts import layout_for
from course_utils.layers.sliding import Window


def conv2d_loops(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    """The definition: one dot product of a filter with a piece of the image for each output number.

    x (N, C, H, W), w (F, C // groups, K_h, K_w), b (F,) or None; out (N, F, H_out, W_out).
    Formula, errors and sources: this module's docstring.
    """
    window = _window(x, w, b, stride, padding, dilation, groups)
    padded = window.pad(x)
    out = np.empty((len(x), len(w), *window.output_size), x.dtype)
    for n, f, r, c in np.ndindex(out.shape):
        piece = _piece(window, groups, w, f, r, c)
        out[n, f, r, c] = np.sum(padded[n][piece] * w[f]) + (0 if b is None else b[f])
    return out, (x, w, b, window, groups)


def conv2d_loops_backward(dout, cache):
    """Each output passes its gradient to what it was made of: to the piece by w, to the filter by x.

    dout (N, F, H_out, W_out); returns dx, dw, db shaped like x, w, b.
    """
    x, w, b, window, groups = cache
    _check_dout(dout, x, w, window)
    padded = window.pad(x)
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros(len(w), w.dtype)
    for n, f, r, c in np.ndindex(dout.shape):
        piece = _piece(window, groups, w, f, r, c)
        dpadded[n][piece] += dout[n, f, r, c] * w[f]
        dw[f] += dout[n, f, r, c] * padded[n][piece]
        db[f] += dout[n, f, r, c]
    return window.crop(dpadded).copy(), dw, None if b is None else db


def conv2d_windows(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    """All windows as one array view without copying, and one tensor product a group.

    x (N, C, H, W), w (F, C // groups, K_h, K_w), b (F,) or None; out (N, F, H_out, W_out).
    Formula, errors and sources: this module's docstring.
    """
    window = _window(x, w, b, stride, padding, dilation, groups)
    windows = _windows(window.pad(x), window, window.stride)  # (N, C, H_out, W_out, K_h, K_w)
    out = np.empty((len(x), len(w), *window.output_size), x.dtype)
    for channels, filters in _groups(w, groups):
        product = np.tensordot(windows[:, channels], w[filters], axes=((1, 4, 5), (1, 2, 3)))
        out[:, filters] = product.transpose(0, 3, 1, 2)  # (N, H_out, W_out, F) -> (N, F, H_out, W_out)
    return (out if b is None else out + b[:, None, None]), (x, w, b, window, groups)


def conv2d_windows_backward(dout, cache):
    """The gradient is two more convolutions: dw slides dout over x; dx slides the flipped filters over dout.

    For dx, dout is first spread by the stride (zeros between its numbers) and padded by span - 1 all around.
    dout (N, F, H_out, W_out); returns dx, dw, db shaped like x, w, b.
    """
    x, w, b, window, groups = cache
    _check_dout(dout, x, w, window)
    (H, W), (s_h, s_w), (span_h, span_w) = window.padded_size, window.stride, window.span
    (H_out, W_out) = window.output_size
    spread = np.zeros((*dout.shape[:2], H + span_h - 1, W + span_w - 1), dout.dtype)
    spread[:, :, span_h - 1 :: s_h, span_w - 1 :: s_w][:, :, :H_out, :W_out] = dout

    windows = _windows(window.pad(x), window, window.stride)  # (N, C, H_out, W_out, K_h, K_w)
    spread_windows = _windows(spread, window, stride=(1, 1))  # (N, F, H, W, K_h, K_w)
    dpadded, dw = np.empty((*x.shape[:2], H, W), x.dtype), np.empty_like(w)
    for channels, filters in _groups(w, groups):
        flipped = w[filters, :, ::-1, ::-1]
        dw[filters] = np.tensordot(dout[:, filters], windows[:, channels], axes=((0, 2, 3), (0, 2, 3)))
        product = np.tensordot(spread_windows[:, filters], flipped, axes=((1, 4, 5), (0, 2, 3)))
        dpadded[:, channels] = product.transpose(0, 3, 1, 2)
    return window.crop(dpadded).copy(), dw, None if b is None else dout.sum(axis=(0, 2, 3))


def conv2d(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    """One matrix product an image: filters as rows, the pieces of the image as columns (im2col).

    Fast because it goes image by image and a few output rows at a time, so that the columns, which hold
    every pixel K_h K_w times, never leave the processor's cache; the product is written straight to its
    place in ``out``. Only where an image has too few columns for a fast product do several share one (so
    that the last digits of an image's result may depend on the others).

    x (N, C, H, W), w (F, C // groups, K_h, K_w), b (F,) or None; out (N, F, H_out, W_out).
    Formula, errors and sources: this module's docstring.
    """
    window = _window(x, w, b, stride, padding, dilation, groups)
    weights = _as_rows(w, b, groups)
    out = np.empty((len(x), len(w), *window.output_size), x.dtype)
    layout = layout_for(window)
    together = images_together(window, x)
    padded = layout.room((groups, x.shape[1] // groups, together), x.dtype)
    blocks = blocks_of_columns(window, layout, padded)
    for images, results in _batches(together, groups, x, out):
        layout.crop(padded)[:, :, : images.shape[2]] = images
        for block in blocks:
            y = _flat(results)[..., block.pixels]  # (G, F // G, images, pixels)
            columns = block.gather()[..., : y.shape[2] * y.shape[3]]  # the last images may be fewer
            if together == 1:
                np.matmul(weights, columns, out=y[:, :, 0])
            else:
                y[...] = (weights @ columns).reshape(y.shape)
    return out, (x, w, b, window, groups)


def conv2d_backward(dout, cache):
    """From out = weights @ columns: dweights = dout @ columns.T, dcolumns = weights.T @ dout.

    The gradients of the columns are then added up where they came from (col2im).
    dout (N, F, H_out, W_out); returns dx, dw, db shaped like x, w, b.
    """
    x, w, b, window, groups = cache
    _check_dout(dout, x, w, window)
    weights = _as_rows(w, b, groups)
    dx, dweights = np.empty(x.shape, x.dtype), np.zeros_like(weights)
    layout = layout_for(window)
    together = images_together(window, x)
    padded = layout.room((groups, x.shape[1] // groups, together), x.dtype)
    dpadded = np.empty_like(padded)
    blocks = blocks_of_columns(window, layout, padded, dpadded)
    for images, dimages, dresults in _batches(together, groups, x, dx, dout):
        layout.crop(padded)[:, :, : images.shape[2]] = images
        dpadded[...] = 0
        for block in blocks:
            dy = _flat(dresults)[..., block.pixels]
            dy = dy.reshape(*dy.shape[:2], -1)  # (G, F // G, images * pixels)
            columns = block.gather()[..., : dy.shape[2]]
            dweights += dy @ columns.swapaxes(1, 2)
            np.matmul(weights.swapaxes(1, 2), dy, out=columns)  # x has served; its gradient moves in
            block.columns[..., dy.shape[2] :] = 0  # where the last images are fewer
            block.scatter()
        dimages[...] = layout.crop(dpadded)[:, :, : images.shape[2]]
    dw, db = dweights[:, :, :-1].reshape(w.shape).copy(), dweights[:, :, -1].flatten()
    return dx, dw, None if b is None else db


def _as_rows(w, b, groups):
    """Filters as rows (G, F // G, C // G * K_h * K_w + 1); last the bias, the weight of a constant 1."""
    rows = w.reshape(groups, len(w) // groups, -1)
    bias = np.zeros(len(w), w.dtype) if b is None else b
    return np.concatenate([rows, bias.reshape(groups, -1, 1)], axis=2)


def _batches(size, groups, *arrays):
    """Yield a few images of each array (N, C, H, W) at a time, as views (G, C // G, images, H, W)."""
    for first in range(0, len(arrays[0]), size):
        few = [array[first : first + size] for array in arrays]
        yield [a.reshape(len(a), groups, -1, *a.shape[2:]).transpose(1, 2, 0, 3, 4) for a in few]


def _flat(images):
    """(..., H, W) as (..., H * W)."""
    return images.reshape(*images.shape[:-2], -1)


def _groups(w, groups):
    """For each group the slice of input channels that it sees and the slice of filters that it has."""
    filters, channels = len(w) // groups, w.shape[1]
    for g in range(groups):
        yield slice(g * channels, (g + 1) * channels), slice(g * filters, (g + 1) * filters)


def _piece(window, groups, w, f, r, c):
    """Index of the piece (C // G, K_h, K_w) of a padded image that filter f meets at output (r, c)."""
    first_channel = f // (len(w) // groups) * w.shape[1]
    top, left = r * window.stride[0], c * window.stride[1]
    return (
        slice(first_channel, first_channel + w.shape[1]),
        slice(top, top + window.span[0], window.dilation[0]),
        slice(left, left + window.span[1], window.dilation[1]),
    )


def _windows(padded, window, stride):
    """View (N, C, rows, columns, K_h, K_w) of all windows on padded images."""
    (s_h, s_w), (d_h, d_w) = stride, window.dilation
    return sliding_window_view(padded, window.span, axis=(2, 3))[:, :, ::s_h, ::s_w, ::d_h, ::d_w]


def _window(x, w, b, stride, padding, dilation, groups):
    """Check all arguments and return the sliding window."""
    arguments.floats("x", x, "N C H W")
    arguments.floats("w", w, "F C/groups K_h K_w")
    arguments.same_dtype("w", w, x)
    groups = whole("groups", groups, 1)
    channels, filters = x.shape[1], len(w)
    if channels == 0 or filters == 0:
        raise ValueError(f"x and w must have channels and filters, not shapes {x.shape} and {w.shape}")
    if channels % groups:
        raise ValueError(f"groups {groups} does not divide the {channels} channels of x")
    if filters % groups:
        raise ValueError(f"groups {groups} does not divide the {filters} filters of w")
    if w.shape[1] != channels // groups:
        raise ValueError(
            f"w must have {channels // groups} channels a filter (x has {channels}, in {groups} group"
            f"{'s' if groups > 1 else ''}), not {w.shape[1]}: its shape is {w.shape}"
        )
    if b is not None:
        arguments.parameter("b", b, (filters,), like=x)
    return Window.over(x, w.shape[2:], stride, padding, dilation)


def _check_dout(dout, x, w, window):
    arguments.gradient(dout, (len(x), len(w), *window.output_size), x.dtype)
