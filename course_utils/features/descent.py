"""Learning by stochastic gradient descent, in a loop that fits on a screen."""

import numpy as np

from course_utils.features.images import positive_int


def descend(
    loss,
    parameters: dict,
    x,
    labels,
    *,
    rate: float,
    epochs: int = 10,
    batch: int = 64,
    momentum: float = 0.9,
    seed: int = 0,
):
    """Walk downhill on a loss, one mini-batch at a time.

    Parameters
    ----------
    loss : function
        of (parameters, x, labels), that returns a number and a dictionary of gradients:
        :func:`~course_utils.features.linear.linear_loss`, for instance, or a ``functools.partial`` of it.
    parameters : dict of arrays
        where to begin; not changed.
    x : array (N, ...)
    labels : array (N,)
    rate : float
        learning rate: the step is ``-rate`` times the (averaged) gradient.
    epochs, batch : int
        passes over the data, each in a new order, and examples a step.
    momentum : float
        from 0 to below 1: ``velocity = momentum * velocity - rate * gradient``.
    seed : int
        decides the order.

    Returns
    -------
    (dict, list)
        the learnt parameters, and each epoch's mean loss over its examples.

    Raises
    ------
    ValueError
        if an argument is out of range, or x and labels differ in length.
    FloatingPointError
        if the loss is no longer finite; most often the rate is too large.
    """
    if not rate > 0:
        raise ValueError(f"rate is {rate}; it must be above 0")
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum is {momentum}; it must be from 0 to below 1")
    if len(x) != len(labels) or len(x) == 0:
        raise ValueError(
            f"x has {len(x)} examples and labels {len(labels)}; both need the same, at least one"
        )
    epochs, batch = positive_int(epochs, "epochs"), positive_int(batch, "batch")

    rng = np.random.default_rng(seed)
    parameters = {name: array.copy() for name, array in parameters.items()}
    velocity = {name: np.zeros_like(array) for name, array in parameters.items()}
    history = []
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        total = 0.0
        for start in range(0, len(x), batch):
            chosen = order[start : start + batch]
            with np.errstate(over="ignore", invalid="ignore"):  # told in words just below
                value, gradients = loss(parameters, x[chosen], labels[chosen])
            if not np.isfinite(value):
                raise FloatingPointError(
                    f"the loss is {value} in epoch {epoch + 1}; is the rate {rate} too large?"
                )
            total += value * len(chosen)
            for name, gradient in gradients.items():
                velocity[name] = momentum * velocity[name] - rate * gradient
                parameters[name] += velocity[name]
        history.append(float(total / len(x)))
    return parameters, history
