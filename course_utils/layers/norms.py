"""Normalisation: over the batch, or over neighbouring channels."""

from dataclasses import dataclass

import numpy as np

from course_utils.arithmetic.axes import whole
from course_utils.layers import arguments


@dataclass
class RunningStatistics:
    """Mean and variance of each channel, gathered over the batches of training, used at test time."""

    mean: np.ndarray
    var: np.ndarray

    @classmethod
    def start(cls, channels, dtype=np.float64):
        """Mean 0 and variance 1, as in torch."""
        return cls(np.zeros(channels, dtype), np.ones(channels, dtype))


def batch_norm2d(x, gamma, beta, running=None, *, training=True, momentum=0.1, eps=1e-5):
    """Give every channel mean beta and deviation gamma: ``gamma (x - mean) / sqrt(var + eps) + beta``.

    x (N, C, H, W), gamma and beta (C,), out as x. In training, mean and variance are the batch's, over N, H
    and W, and ``running`` (a :class:`RunningStatistics`, if given) is moved towards them by ``momentum``:
    the one argument of all layers that is changed. Otherwise they are those of ``running``.

    As in torch the batch is normalised by its variance (divided by n), but ``running.var`` follows the
    unbiased estimate (divided by n - 1).

    Raises ValueError for one number a channel or fewer in training (nothing is left of it), for shapes that
    do not match and for ``training=False`` without ``running``. Source: Ioffe & Szegedy 2015.
    """
    arguments.floats("x", x, "N C H W")
    channels, n = x.shape[1], x.size // max(1, x.shape[1])
    arguments.parameter("gamma", gamma, (channels,), like=x)
    arguments.parameter("beta", beta, (channels,), like=x)
    momentum, eps = arguments.number("momentum", momentum, 0, 1), arguments.number("eps", eps, 0)
    if running is not None:
        arguments.parameter("running.mean", running.mean, (channels,), like=x)
        arguments.parameter("running.var", running.var, (channels,), like=x)
    elif not training:
        raise ValueError(
            "running must be given where training is False: there is no batch to take statistics from"
        )

    if training:
        if n < 2:
            raise ValueError(
                f"x must hold at least 2 numbers a channel in training, not {n}: shape {x.shape}"
            )
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        if running is not None:
            running.mean = (1 - momentum) * running.mean + momentum * mean
            running.var = (1 - momentum) * running.var + momentum * var * n / (n - 1)
    else:
        mean, var = running.mean, running.var
    scale = 1 / np.sqrt(var + eps)
    normed = _each(scale) * (x - _each(mean))
    return _each(gamma) * normed + _each(beta), (normed, gamma, scale, training)


def batch_norm2d_backward(dout, cache):
    """Returns ``(dx, dgamma, dbeta)``.

    In training x also moves the mean and the variance: dx loses its mean, and its part along the output.
    """
    normed, gamma, scale, training = cache
    arguments.gradient(dout, normed.shape, normed.dtype)
    dgamma, dbeta = (dout * normed).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))
    dnormed = _each(gamma) * dout
    if training:
        along = (dnormed * normed).mean(axis=(0, 2, 3))
        dnormed = dnormed - _each(dnormed.mean(axis=(0, 2, 3))) - normed * _each(along)
    return _each(scale) * dnormed, dgamma, dbeta


def local_response_norm(x, size=5, alpha=1e-4, beta=0.75, k=2.0):
    """Divide each number by what its neighbours in ``size`` adjacent channels add up to:

        out_c = x_c / (k + alpha * sum of x_j ** 2 over the channels j around c) ** beta

    x (N, C, H, W), out as x. The defaults are AlexNet's (Krizhevsky et al. 2012, section 3.3). Caffe and
    torch divide alpha by ``size``: their alpha is ``size`` times this one. For an even ``size`` the extra
    neighbour comes before.
    """
    arguments.floats("x", x, "N C H W")
    size = whole("size", size, 1)
    alpha, k = arguments.number("alpha", alpha, 0), arguments.number("k", k, 0)
    beta = arguments.number("beta", beta, -np.inf)
    strength = k + alpha * _neighbours(x**2, size // 2, (size - 1) // 2)
    return x * strength**-beta, (x, strength, size, alpha, beta)


def local_response_norm_backward(dout, cache):
    """A number moves its own output, and through the sum of squares those of all its neighbours."""
    x, strength, size, alpha, beta = cache
    arguments.gradient(dout, x.shape, x.dtype)
    through_sums = _neighbours(dout * x * strength ** (-beta - 1), (size - 1) // 2, size // 2)
    return dout * strength**-beta - 2 * alpha * beta * x * through_sums


def _each(channel):
    """One number a channel, shaped to meet (N, C, H, W)."""
    return channel[:, None, None]


def _neighbours(x, before, after):
    """Sum over each channel and its neighbours before and after it."""
    padded = np.pad(x, ((0, 0), (before, after), (0, 0), (0, 0)))
    return sum(padded[:, first : first + x.shape[1]] for first in range(before + after + 1))
