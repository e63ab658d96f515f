"""Dropout."""

import numpy as np

from course_utils.layers import arguments


def dropout(x, p, rng, *, training=True):
    """Set each number to 0 with probability ``p``, and multiply the others by ``1 / (1 - p)``.

    So the expected output is the input, and at test time (``training=False``) nothing is left to do. x may
    have any shape; ``rng`` is a numpy random Generator. This is the inverted form; in the original
    (Srivastava et al. 2014) nothing is scaled in training, and everything is multiplied by 1 - p at test
    time.

    Raises ValueError for p outside [0, 1], TypeError for what is no array of floats or no Generator.
    """
    arguments.floats("x", x)
    p = arguments.number("p", p, 0, 1)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng must be a numpy Generator, e.g. np.random.default_rng(0), not {type(rng).__name__}"
        )
    mask = np.ones(x.shape, x.dtype)
    if training:
        mask *= rng.random(x.shape) >= p
        mask /= 1 - p if p < 1 else 1
    return x * mask, mask


def dropout_backward(dout, mask):
    """What was dropped gets no gradient; the rest gets it scaled as the numbers were. Returns ``dx``."""
    arguments.gradient(dout, mask.shape, mask.dtype)
    return dout * mask
