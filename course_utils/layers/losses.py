"""Losses of scores ``(N, classes)`` against labels ``(N,)``: whole numbers from 0 to classes - 1.

The loss is the mean over the N examples. Backward takes ``dout``, the gradient of what follows by the loss
(1 where nothing follows), and returns ``dscores``.

Errors: TypeError for scores that are no array of floats and for labels that are no whole numbers;
ValueError for an empty batch, for shapes that do not match, for a label that is nan or no class.
"""

import numpy as np

from course_utils.layers import arguments


def softmax(scores):
    """Scores ``(N, classes)`` as probabilities: ``exp(s_j) / sum over k of exp(s_k)``."""
    arguments.floats("scores", scores, "N classes")
    return np.exp(_log_softmax(scores))


def softmax_cross_entropy(scores, labels):
    """The mean of ``-log(probability of the right class)``; ``log(classes)`` when all scores are alike."""
    arguments.class_labels(labels, scores)
    logs = _log_softmax(scores)
    return -logs[np.arange(len(labels)), labels].mean(), (logs, labels)


def softmax_cross_entropy_backward(dout, cache):
    """Probability minus what it should have been: 1 for the right class, 0 for the others."""
    logs, labels = cache
    dscores = np.exp(logs)
    dscores[np.arange(len(labels)), labels] -= 1
    return dscores * logs.dtype.type(dout) / len(labels)


def hinge_loss(scores, labels, margin=1.0):
    """The mean over examples of the sum over wrong classes j of ``max(0, s_j - s_right + margin)``.

    Source: Weston & Watkins 1999, *Support vector machines for multi-class pattern recognition*. (torch's
    ``multi_margin_loss`` divides this by the number of classes.)
    """
    arguments.class_labels(labels, scores)
    margin = arguments.number("margin", margin, 0)
    examples = np.arange(len(labels))
    excess = scores - scores[examples, labels][:, None] + margin
    excess[examples, labels] = 0
    return np.maximum(excess, 0).sum(axis=1).mean(), (excess, labels)


def hinge_loss_backward(dout, cache):
    """Every wrong class within the margin is pushed down by one, and the right class up by as many."""
    excess, labels = cache
    dscores = (excess > 0).astype(excess.dtype)
    dscores[np.arange(len(labels)), labels] = -dscores.sum(axis=1)
    return dscores * excess.dtype.type(dout) / len(labels)


def _log_softmax(scores):
    """Subtracting the largest score changes nothing but keeps exp from overflowing."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
