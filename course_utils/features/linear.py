"""The linear classifier, f(x) = Wx + b: one template of weights for each class, and its loss.

Parameters are a dictionary of arrays; every function returns new ones and changes none.
"""

import numpy as np

from course_utils.layers import (
    hinge_loss,
    hinge_loss_backward,
    linear,
    linear_backward,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
)

LOSSES = {
    "softmax": (softmax_cross_entropy, softmax_cross_entropy_backward),
    "hinge": (hinge_loss, hinge_loss_backward),
}


def linear_parameters(features: int, classes: int, rng, scale: float = 0.01) -> dict:
    """Small random weights ``w`` (classes, features) and biases ``b`` (classes,) of zero.

    ``rng`` is a ``numpy.random.Generator``; ``scale`` is the standard deviation of the weights.
    """
    return {"w": scale * rng.standard_normal((classes, features)), "b": np.zeros(classes)}


def linear_scores(parameters: dict, x) -> np.ndarray:
    """Scores (N, classes) of inputs x (N, features): ``x @ w.T + b``."""
    return linear(x, parameters["w"], parameters["b"])[0]


def linear_loss(parameters: dict, x, labels, loss: str = "softmax", decay: float = 0.0):
    """The loss of a linear classifier, and its gradient by each parameter.

    Parameters
    ----------
    parameters : dict
        ``w`` (classes, features) and ``b`` (classes,).
    x : array of floats (N, features)
    labels : array of integers (N,)
    loss : "softmax" or "hinge"
        mean cross-entropy after softmax, or mean multi-class hinge loss.
    decay : float
        adds ``decay / 2`` times the sum of the squared weights; biases are free.

    Returns
    -------
    (number, dict)
        the loss, and gradients named and shaped as the parameters.

    Raises
    ------
    TypeError, ValueError
        if an argument is none of the above.
    """
    scores, cache = linear(x, parameters["w"], parameters["b"])
    value, dscores = data_loss(scores, labels, loss)
    _, dw, db = linear_backward(dscores, cache)
    return value + weight_penalty(decay, parameters["w"]), {"w": dw + decay * parameters["w"], "b": db}


def data_loss(scores, labels, loss: str = "softmax"):
    """The loss "softmax" or "hinge" of scores (N, classes), and its gradient by the scores."""
    if loss not in LOSSES:
        raise ValueError(f"loss is {loss!r}; it must be one of {tuple(LOSSES)}")
    forward, backward = LOSSES[loss]
    value, cache = forward(scores, labels)
    return value, backward(1, cache)


def weight_penalty(decay: float, *weights) -> float:
    """``decay / 2`` times the sum of all squared weights."""
    if not decay >= 0:
        raise ValueError(f"decay is {decay}; it must be at least 0")
    return decay / 2 * sum((w**2).sum() for w in weights)
