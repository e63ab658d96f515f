"""Squeeze-and-excitation: a network in the network decides how loud each channel is."""

from course_utils.layers import arguments
from course_utils.layers.activations import relu, relu_backward, sigmoid, sigmoid_backward
from course_utils.layers.linear import linear, linear_backward
from course_utils.layers.pooling import global_avg_pool2d, global_avg_pool2d_backward


def squeeze_excite(x, w1, b1, w2, b2):
    """Multiply each channel by ``sigmoid(w2 relu(w1 mean + b1) + b2)``, mean being the channels' means.

    x (N, C, H, W), w1 (R, C), b1 (R,), w2 (C, R), b2 (C,), out as x; R is C over the reduction ratio (16 in
    the paper). Raises as ``linear`` does. Source: Hu, Shen & Sun 2018, *Squeeze-and-excitation networks*.
    """
    arguments.floats("x", x, "N C H W")
    arguments.floats("w1", w1, "R C")
    (reduced, channels) = (len(w1), x.shape[1])
    shapes = {"w1": (reduced, channels), "b1": (reduced,), "w2": (channels, reduced), "b2": (channels,)}
    for (name, shape), value in zip(shapes.items(), (w1, b1, w2, b2), strict=True):
        arguments.parameter(name, value, shape, like=x)
    squeezed, squeeze = global_avg_pool2d(x)  # (N, C)
    reduced, reduce = linear(squeezed, w1, b1)  # (N, R)
    active, activate = relu(reduced)
    expanded, expand = linear(active, w2, b2)  # (N, C)
    gate, excite = sigmoid(expanded)
    return x * gate[:, :, None, None], (x, gate, squeeze, reduce, activate, expand, excite)


def squeeze_excite_backward(dout, cache):
    """Returns ``(dx, dw1, db1, dw2, db2)``; x counts twice: it is scaled, and it decides the scale."""
    x, gate, squeeze, reduce, activate, expand, excite = cache
    arguments.gradient(dout, x.shape, x.dtype)
    dexpanded = sigmoid_backward((dout * x).sum(axis=(2, 3)), excite)
    dactive, dw2, db2 = linear_backward(dexpanded, expand)
    dsqueezed, dw1, db1 = linear_backward(relu_backward(dactive, activate), reduce)
    dx = dout * gate[:, :, None, None] + global_avg_pool2d_backward(dsqueezed, squeeze)
    return dx, dw1, db1, dw2, db2
