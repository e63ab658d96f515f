"""The fully connected layer."""

import numpy as np

from course_utils.layers import arguments


def linear(x, w, b=None):
    """Every output is a weighted sum of all inputs: ``out = x @ w.T + b``.

    x (N, D), w (M, D), b (M,) or None; out (N, M). Images are flattened first: ``x.reshape(len(x), -1)``.
    Raises TypeError for what is no array of floats or for mixed dtypes, ValueError for shapes that do not
    match.
    """
    arguments.floats("x", x, "N D")
    arguments.floats("w", w, "M D")
    arguments.parameter("w", w, (len(w), x.shape[1]), like=x)
    if b is not None:
        arguments.parameter("b", b, (len(w),), like=x)
    out = x @ w.T
    return (out if b is None else out + b), (x, w, b)


def linear_backward(dout, cache):
    """Returns ``(dx, dw, db)``; db is None where b was."""
    x, w, b = cache
    arguments.gradient(dout, (len(x), len(w)), x.dtype)
    return dout @ w, dout.T @ x, None if b is None else np.sum(dout, axis=0)
