"""Rosenblatt's perceptron, with the learning rule of the Mark I machine."""

import numpy as np

from course_utils.arithmetic.axes import whole
from course_utils.layers import arguments


def perceptron(x, w, b):
    """1 where ``w . x + b > 0``, 0 elsewhere. x (N, D) or (D,), w (D,), b a number; returns (N,) or ()."""
    return (x @ w + b > 0).astype(np.int64)


def perceptron_update(x, target, w, b, rate=1.0):
    """One step, ``w_i(t + 1) = w_i(t) + rate (d - y(t)) x_i``, for one example x (D,) with target d, 0 or 1.

    The bias follows as the weight of a constant input 1. Returns the new ``(w, b)``; a right answer changes
    nothing.
    """
    error = target - perceptron(x, w, b)
    return w + rate * error * x, b + rate * error


def train_perceptron(x, targets, rate=1.0, epochs=100):
    """Go through the examples in order, again and again, until an epoch without a mistake or for ``epochs``.

    x (N, D), targets (N,) of 0 and 1. Returns ``(w, b, mistakes)``: weights (D,), bias, and the number of
    mistakes in each epoch. If a line (a plane, a hyperplane) separates the two classes, the last number is
    0 for enough epochs: at most (R / gamma)^2 updates for examples (with the constant 1) no longer than R
    and at least gamma from a separating hyperplane (Novikoff 1962). If none does, it never settles. Source:
    Rosenblatt 1957.

    Raises TypeError and ValueError for arguments of another kind or shape.
    """
    arguments.floats("x", x, "N D")
    rate = arguments.number("rate", rate, 0)
    targets = np.asarray(targets)
    if targets.shape != x.shape[:1] or not np.isin(targets, (0, 1)).all():
        raise ValueError(f"targets must be {len(x)} zeros and ones, one for each row of x, not {targets!r}")
    w, b, mistakes = np.zeros(x.shape[1], x.dtype), 0.0, []
    for _ in range(whole("epochs", epochs, 1)):
        mistakes.append(0)
        for example, target in zip(x, targets, strict=True):
            mistakes[-1] += int(perceptron(example, w, b) != target)
            w, b = perceptron_update(example, target, w, b, rate)
        if mistakes[-1] == 0:
            break
    return w, b, mistakes
