"""The two-layer network, f(x) = W2 max(0, W1 x): many templates, then a vote of the templates.

Parameters are a dictionary of arrays; every function returns new ones and changes none.
"""

import numpy as np

from course_utils.features.linear import data_loss, weight_penalty
from course_utils.layers import linear, linear_backward, relu, relu_backward


def two_layer_parameters(features: int, hidden: int, classes: int, rng, scale: float | None = None) -> dict:
    """Random weights ``w1`` (hidden, features), ``w2`` (classes, hidden); zero biases ``b1``, ``b2``.

    ``rng`` is a ``numpy.random.Generator``; ``scale`` is the weights' standard deviation, by default the
    square root of 2 / inputs, which keeps the signal's size through a ReLU (He et al., ICCV 2015).
    """
    scale1, scale2 = ((2 / n) ** 0.5 if scale is None else scale for n in (features, hidden))
    return {
        "w1": scale1 * rng.standard_normal((hidden, features)),
        "b1": np.zeros(hidden),
        "w2": scale2 * rng.standard_normal((classes, hidden)),
        "b2": np.zeros(classes),
    }


def two_layer_scores(parameters: dict, x) -> np.ndarray:
    """Scores (N, classes) of inputs x (N, features)."""
    return _forward(parameters, x)[0]


def two_layer_loss(parameters: dict, x, labels, loss: str = "softmax", decay: float = 0.0):
    """The loss of a two-layer network, and its gradient by each parameter.

    Parameters
    ----------
    parameters : dict
        ``w1`` (hidden, features), ``b1`` (hidden,), ``w2`` (classes, hidden), ``b2`` (classes,).
    x, labels, loss, decay
        as for :func:`~course_utils.features.linear.linear_loss`.

    Returns
    -------
    (number, dict)
        the loss, and gradients named and shaped as the parameters.
    """
    w1, w2 = parameters["w1"], parameters["w2"]
    scores, (cache1, cache_relu, cache2) = _forward(parameters, x)
    value, dscores = data_loss(scores, labels, loss)
    dhidden, dw2, db2 = linear_backward(dscores, cache2)
    _, dw1, db1 = linear_backward(relu_backward(dhidden, cache_relu), cache1)
    gradients = {"w1": dw1 + decay * w1, "b1": db1, "w2": dw2 + decay * w2, "b2": db2}
    return value + weight_penalty(decay, w1, w2), gradients


def _forward(parameters, x):
    before, cache1 = linear(x, parameters["w1"], parameters["b1"])
    hidden, cache_relu = relu(before)
    scores, cache2 = linear(hidden, parameters["w2"], parameters["b2"])
    return scores, (cache1, cache_relu, cache2)
