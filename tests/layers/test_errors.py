"""Bad input raises an error that names the argument and says what would be right."""

import re

import numpy as np
import pytest

from course_utils import layers
from tests.layers.oracle import draw

X, W, B = draw(0, 2, 4, 5, 6), draw(1, 6, 4, 3, 3), draw(2, 6)
LABELS = np.array([0, 2, 1])
SCORES = draw(3, 3, 4)
CONVOLUTIONS = [layers.conv2d, layers.conv2d_windows, layers.conv2d_loops]

CONVOLUTION_ERRORS = [
    (
        (X[0], W),
        {},
        ValueError,
        "x must have shape (N, C, H, W), not (4, 5, 6); add the batch axis with [None]",
    ),
    ((X, W[0]), {}, ValueError, "w must have shape (F, C/groups, K_h, K_w), not (4, 3, 3)"),
    ((X, W[:, :3]), {}, ValueError, "w must have 4 channels a filter (x has 4, in 1 group), not 3"),
    ((X, W), {"groups": 2}, ValueError, "w must have 2 channels a filter (x has 4, in 2 groups), not 4"),
    ((X, W), {"groups": 3}, ValueError, "groups 3 does not divide the 4 channels of x"),
    ((X, W[:, :1]), {"groups": 4}, ValueError, "groups 4 does not divide the 6 filters of w"),
    ((X, W), {"groups": 0}, ValueError, "groups must be at least 1, not 0"),
    (
        (X[:, :, :2], W),
        {},
        ValueError,
        "kernel 3 does not fit input 2 with padding 0: the output would have size 0",
    ),
    ((X, W[:0]), {}, ValueError, "x and w must have channels and filters, not shapes (2, 4, 5, 6) and (0, 4"),
    ((X[:, :0], W[:, :0]), {}, ValueError, "x and w must have channels and filters, not shapes (2, 0, 5, 6)"),
    ((X, W[:, :, :0]), {}, ValueError, "kernel must be at least 1, not 0"),
    ((X, W), {"dilation": 3}, ValueError, "kernel 3 with dilation 3 (spanning 7) does not fit input 5"),
    ((X, W), {"stride": 0}, ValueError, "stride must be at least 1, not 0"),
    ((X, W), {"padding": (1, -1)}, ValueError, "padding must be at least 0, not -1"),
    ((X, W), {"padding": 0.5}, TypeError, "padding must be a whole number, not 0.5"),
    ((X, W), {"stride": (1, 2, 3)}, ValueError, "stride must be a whole number or a pair"),
    ((X.astype(int), W), {}, TypeError, "x must hold floats, not int64: convert it with .astype(np.float32)"),
    ((X, W.astype(np.uint8)), {}, TypeError, "w must hold floats, not uint8"),
    ((X.astype(complex), W), {}, TypeError, "x must hold floats, not complex128"),
    ((X.tolist(), W), {}, TypeError, "x must be a numpy array, not list"),
    ((X.astype(np.float32), W), {}, TypeError, "w must be float32 as the input is, not float64"),
    ((X, W, B[:5]), {}, ValueError, "b must have shape (6,), not (5,)"),
    ((X, W, B.astype(np.float32)), {}, TypeError, "b must be float64 as the input is, not float32"),
]


@pytest.mark.parametrize("convolution", CONVOLUTIONS)
@pytest.mark.parametrize(("arguments", "options", "error", "message"), CONVOLUTION_ERRORS)
def test_convolution(convolution, arguments, options, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        convolution(*arguments, **options)


BACKWARDS = {
    "conv2d": (X, W, B),
    "conv2d_windows": (X, W, B),
    "conv2d_loops": (X, W, B),
    "max_pool2d": (X, 2),
    "avg_pool2d": (X, 2),
    "global_avg_pool2d": (X,),
    "linear": (SCORES, draw(0, 5, 4)),
    "relu": (X,),
    "leaky_relu": (X,),
    "elu": (X,),
    "sigmoid": (X,),
    "tanh": (X,),
    "maxout": (X,),
    "batch_norm2d": (X, np.ones(4), np.zeros(4)),
    "local_response_norm": (X,),
    "dropout": (X, 0.5, np.random.default_rng(0)),
    "squeeze_excite": (X, draw(0, 2, 4), draw(1, 2), draw(2, 4, 2), draw(3, 4)),
}


@pytest.mark.parametrize("name", BACKWARDS)
def test_dout_must_look_like_the_output(name):
    """Broadcasting would take a dout of another shape, and return nonsense."""
    out, cache = getattr(layers, name)(*BACKWARDS[name])
    backward = getattr(layers, f"{name}_backward")
    message = f"dout must have the output's shape {out.shape}, not {out[:1].shape}"
    with pytest.raises(ValueError, match=re.escape(message)):
        backward(out[:1], cache)
    with pytest.raises(TypeError, match="dout must be float64 as the output is, not float32"):
        backward(out.astype(np.float32), cache)
    with pytest.raises(TypeError, match="dout must be a numpy array, not float"):
        backward(1.0, cache)


def running(mean, var):
    return layers.RunningStatistics(mean, var)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        # pooling
        (lambda: layers.max_pool2d(X[0], 2), ValueError, "x must have shape (N, C, H, W), not (4, 5, 6)"),
        (lambda: layers.max_pool2d(X.astype(int), 2), TypeError, "x must hold floats, not int64"),
        (lambda: layers.max_pool2d(X, 6), ValueError, "kernel 6 does not fit input 5 with padding 0"),
        (
            lambda: layers.max_pool2d(X, 3, padding=2),
            ValueError,
            "padding must be at most 1, half of the window's 3",
        ),
        (
            lambda: layers.max_pool2d(X[:, :, :1, :1], 2, padding=1, dilation=2),
            ValueError,
            "dilation (2, 2) with kernel (2, 2) and padding (1, 1)",
        ),
        (lambda: layers.avg_pool2d(X, 2, padding=(1, 2)), ValueError, "padding must be at most 1, half"),
        (lambda: layers.avg_pool2d(X, 2, stride=0), ValueError, "stride must be at least 1, not 0"),
        (lambda: layers.global_avg_pool2d(X[:, :, :0]), ValueError, "x must have pixels"),
        # linear
        (lambda: layers.linear(X, W), ValueError, "x must have shape (N, D), not (2, 4, 5, 6)"),
        (lambda: layers.linear(SCORES, SCORES.T), ValueError, "w must have shape (4, 4), not (4, 3)"),
        (lambda: layers.linear(SCORES, SCORES, B), ValueError, "b must have shape (3,), not (6,)"),
        # activations
        (lambda: layers.relu([1.0]), TypeError, "x must be a numpy array, not list"),
        (lambda: layers.sigmoid(np.arange(3)), TypeError, "x must hold floats, not int64"),
        (lambda: layers.leaky_relu(X, slope=np.nan), ValueError, "slope must lie between"),
        (lambda: layers.elu(X, alpha="one"), TypeError, "alpha must be a number, not 'one'"),
        (lambda: layers.maxout(X, 3), ValueError, "C a multiple of pieces 3, not (2, 4, 5, 6)"),
        (lambda: layers.maxout(B, 2), ValueError, "x must have shape (N, C, ...)"),
        # norms
        (
            lambda: layers.batch_norm2d(X[:1, :, :1, :1], np.ones(4), np.zeros(4)),
            ValueError,
            "x must hold at least 2 numbers a channel in training, not 1: shape (1, 4, 1, 1)",
        ),
        (
            lambda: layers.batch_norm2d(X, np.ones(4), np.zeros(4), training=False),
            ValueError,
            "running must be given where training is False",
        ),
        (lambda: layers.batch_norm2d(X, np.ones(3), np.zeros(4)), ValueError, "gamma must have shape (4,)"),
        (
            lambda: layers.batch_norm2d(X, np.ones(4), np.zeros(4), eps=-1),
            ValueError,
            "eps must lie between 0",
        ),
        (
            lambda: layers.batch_norm2d(X, np.ones(4), np.zeros(4), running(np.zeros(1), np.ones(4))),
            ValueError,
            "running.mean must have shape (4,), not (1,)",
        ),
        (lambda: layers.local_response_norm(X, size=0), ValueError, "size must be at least 1, not 0"),
        # dropout
        (
            lambda: layers.dropout(X, 1.5, np.random.default_rng(0)),
            ValueError,
            "p must lie between 0 and 1, not 1.5",
        ),
        (lambda: layers.dropout(X, 0.5, 0), TypeError, "rng must be a numpy Generator, e.g."),
        # squeeze and excitation
        (
            lambda: layers.squeeze_excite(X, draw(0, 2, 3), draw(1, 2), draw(2, 4, 2), draw(3, 4)),
            ValueError,
            "w1 must have shape (2, 4), not (2, 3)",
        ),
        (
            lambda: layers.squeeze_excite(X, draw(0, 2, 4), draw(1, 2), draw(2, 2, 4), draw(3, 4)),
            ValueError,
            "w2 must have shape (4, 2), not (2, 4)",
        ),
        # perceptron
        (lambda: layers.train_perceptron(SCORES, [0, 1, 2]), ValueError, "targets must be 3 zeros and ones"),
        (lambda: layers.train_perceptron(SCORES, [0, 1]), ValueError, "targets must be 3 zeros and ones"),
        (
            lambda: layers.train_perceptron(SCORES, [0, 1, 1], epochs=0),
            ValueError,
            "epochs must be at least 1",
        ),
    ],
)
def test_other_layers(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


@pytest.mark.parametrize("loss", [layers.softmax_cross_entropy, layers.hinge_loss])
@pytest.mark.parametrize(
    ("scores", "labels", "error", "message"),
    [
        (
            SCORES,
            np.array([0, np.nan, 1]),
            ValueError,
            "labels[1] is nan: every label must be a whole number",
        ),
        (
            SCORES,
            LABELS.astype(float),
            TypeError,
            "labels must be whole numbers (an integer dtype), not float64",
        ),
        (SCORES, LABELS + 2, ValueError, "labels[1] is 4: with 4 classes labels run from 0 to 3"),
        (SCORES, LABELS - 1, ValueError, "labels[0] is -1: with 4 classes labels run from 0 to 3"),
        (SCORES, LABELS[:2], ValueError, "labels must have shape (3,), one for each row of scores, not (2,)"),
        (SCORES, np.eye(4, dtype=int)[LABELS], ValueError, "labels must have shape (3,)"),
        (SCORES, LABELS.tolist(), TypeError, "labels must be a numpy array, not list"),
        (SCORES[0], LABELS, ValueError, "scores must have shape (N, classes), not (4,)"),
        (SCORES[:0], LABELS[:0], ValueError, "scores must hold at least one example"),
        (SCORES.astype(int), LABELS, TypeError, "scores must hold floats, not int64"),
    ],
)
def test_losses(loss, scores, labels, error, message):
    with pytest.raises(error, match=re.escape(message)):
        loss(scores, labels)
