"""The layers of a ConvNet in numpy, written to be read beside the formula.

Every layer is a function that returns ``(out, cache)``; its backward pass stands right beneath it, takes
the gradient of the output and that cache, and returns the gradients of the inputs:

>>> import numpy as np
>>> from course_utils import layers
>>> rng = np.random.default_rng(0)
>>> x, w, b = rng.normal(size=(2, 3, 32, 32)), rng.normal(size=(6, 3, 5, 5)), np.zeros(6)
>>> out, cache = layers.conv2d(x, w, b)
>>> out.shape
(2, 6, 28, 28)
>>> dx, dw, db = layers.conv2d_backward(np.ones_like(out), cache)
>>> dx.shape, dw.shape, db.shape
((2, 3, 32, 32), (6, 3, 5, 5), (6,))

Images are (N, C, H, W). Any float dtype goes in and the same comes out; mixed dtypes raise TypeError. No
argument is ever changed, but for the running statistics that ``batch_norm2d`` is given. What a cache holds
is the layer's own business.
"""

from course_utils.layers.activations import (
    elu,
    elu_backward,
    leaky_relu,
    leaky_relu_backward,
    maxout,
    maxout_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    tanh,
    tanh_backward,
)
from course_utils.layers.convolution import (
    conv2d,
    conv2d_backward,
    conv2d_loops,
    conv2d_loops_backward,
    conv2d_windows,
    conv2d_windows_backward,
)
from course_utils.layers.dropout import dropout, dropout_backward
from course_utils.layers.gradient_check import GradientCheck, check_gradient, numerical_gradient
from course_utils.layers.linear import linear, linear_backward
from course_utils.layers.losses import (
    hinge_loss,
    hinge_loss_backward,
    softmax,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
)
from course_utils.layers.norms import (
    RunningStatistics,
    batch_norm2d,
    batch_norm2d_backward,
    local_response_norm,
    local_response_norm_backward,
)
from course_utils.layers.perceptron import perceptron, perceptron_update, train_perceptron
from course_utils.layers.pooling import (
    avg_pool2d,
    avg_pool2d_backward,
    global_avg_pool2d,
    global_avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from course_utils.layers.squeeze_excite import squeeze_excite, squeeze_excite_backward

__all__ = [
    "GradientCheck",
    "RunningStatistics",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm2d",
    "batch_norm2d_backward",
    "check_gradient",
    "conv2d",
    "conv2d_backward",
    "conv2d_loops",
    "conv2d_loops_backward",
    "conv2d_windows",
    "conv2d_windows_backward",
    "dropout",
    "dropout_backward",
    "elu",
    "elu_backward",
    "global_avg_pool2d",
    "global_avg_pool2d_backward",
    "hinge_loss",
    "hinge_loss_backward",
    "leaky_relu",
    "leaky_relu_backward",
    "linear",
    "linear_backward",
    "local_response_norm",
    "local_response_norm_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "maxout",
    "maxout_backward",
    "numerical_gradient",
    "perceptron",
    "perceptron_update",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_cross_entropy",
    "softmax_cross_entropy_backward",
    "squeeze_excite",
    "squeeze_excite_backward",
    "tanh",
    "tanh_backward",
    "train_perceptron",
]
