"""Activation functions: number by number, for arrays of floats of any shape (maxout: channel by channel).

Forward returns ``(out, cache)``, backward ``dx``. TypeError for what is no array of floats, ValueError for
a ``dout`` of another shape than the output.
"""

import numpy as np

from course_utils.arithmetic.axes import whole
from course_utils.layers import arguments


def relu(x):
    """``max(x, 0)``. Source: Nair & Hinton 2010; in ConvNets: Krizhevsky et al. 2012, section 3.1."""
    arguments.floats("x", x)
    return np.maximum(x, 0), x


def relu_backward(dout, x):
    """The gradient passes where x > 0; at the kink, where none is defined, it is 0."""
    arguments.gradient(dout, x.shape, x.dtype)
    return dout * (x > 0)


def leaky_relu(x, slope=0.01):
    """``x`` where positive, ``slope * x`` elsewhere. Source: Maas, Hannun & Ng 2013."""
    arguments.floats("x", x)
    slope = arguments.number("slope", slope, -np.inf)
    return np.where(x > 0, x, slope * x), (x, slope)


def leaky_relu_backward(dout, cache):
    """The slope is 1 where x > 0, ``slope`` elsewhere."""
    x, slope = cache
    arguments.gradient(dout, x.shape, x.dtype)
    return np.where(x > 0, dout, slope * dout)


def elu(x, alpha=1.0):
    """``x`` where positive, ``alpha (exp(x) - 1)`` elsewhere. Source: Clevert et al. 2015."""
    arguments.floats("x", x)
    alpha = arguments.number("alpha", alpha, -np.inf)
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))), (x, alpha)


def elu_backward(dout, cache):
    """The slope is 1 where x > 0, ``alpha exp(x)`` elsewhere."""
    x, alpha = cache
    arguments.gradient(dout, x.shape, x.dtype)
    return np.where(x > 0, dout, dout * alpha * np.exp(np.minimum(x, 0)))


def sigmoid(x):
    """``1 / (1 + exp(-x))``, between 0 and 1; written so that exp never overflows."""
    arguments.floats("x", x)
    decay = np.exp(-np.abs(x))
    out = np.where(x >= 0, 1, decay) / (1 + decay)
    return out, out


def sigmoid_backward(dout, out):
    """The slope is ``out (1 - out)``: at most 1/4, and next to nothing where the unit is saturated."""
    arguments.gradient(dout, out.shape, out.dtype)
    return dout * out * (1 - out)


def tanh(x):
    """``(exp(x) - exp(-x)) / (exp(x) + exp(-x))``, between -1 and 1: ``2 sigmoid(2 x) - 1``."""
    arguments.floats("x", x)
    out = np.tanh(x)
    return out, out


def tanh_backward(dout, out):
    """The slope is ``1 - out ** 2``: 1 at 0, next to nothing where the unit is saturated."""
    arguments.gradient(dout, out.shape, out.dtype)
    return dout * (1 - out**2)


def maxout(x, pieces=2):
    """The largest of each ``pieces`` neighbouring channels: ``(N, C, ...) -> (N, C // pieces, ...)``.

    After a linear layer or a convolution, which makes the channels, this is max(w1 x + b1, w2 x + b2, ...):
    an activation with learned slopes. Source: Goodfellow et al. 2013, *Maxout networks*. Raises ValueError
    where ``pieces`` does not divide the channels.
    """
    arguments.floats("x", x)
    pieces = whole("pieces", pieces, 1)
    if x.ndim < 2 or x.shape[1] % pieces:
        raise ValueError(f"x must have shape (N, C, ...) with C a multiple of pieces {pieces}, not {x.shape}")
    rivals = _rivals(x, pieces)
    winner = rivals.argmax(axis=2, keepdims=True)  # the first of equals
    return np.take_along_axis(rivals, winner, axis=2).squeeze(2), (x.shape, x.dtype, winner)


def maxout_backward(dout, cache):
    """The whole gradient goes to the winner: ``(N, C // pieces, ...) -> (N, C, ...)``."""
    shape, dtype, winner = cache
    arguments.gradient(dout, winner.squeeze(2).shape, dtype)
    dx = np.zeros(shape, dtype)
    np.put_along_axis(_rivals(dx, shape[1] // winner.shape[1]), winner, np.expand_dims(dout, 2), axis=2)
    return dx


def _rivals(x, pieces):
    """(N, C, ...) as (N, C // pieces, pieces, ...)."""
    return x.reshape(x.shape[0], x.shape[1] // pieces, pieces, *x.shape[2:])
