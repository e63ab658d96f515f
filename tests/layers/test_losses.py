"""Losses against torch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import layers
from tests.layers.oracle import assert_same, draw, torch

F = torch.nn.functional

LOSSES = {
    "softmax_cross_entropy": F.cross_entropy,
    "hinge_loss": lambda scores, labels: F.multi_margin_loss(scores, labels) * scores.shape[1],
}


@pytest.mark.parametrize("name", LOSSES)
@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 99), st.sampled_from([1.0, -2.5]))
def test_losses(name, examples, classes, seed, dout):
    scores = 3 * draw(seed, examples, classes)
    labels = np.random.default_rng(seed).integers(0, classes, examples)
    before = scores.copy()
    tensor = torch.tensor(scores, requires_grad=True)
    expected = LOSSES[name](tensor, torch.tensor(labels))
    (gradient,) = torch.autograd.grad(expected * dout, tensor)

    loss, cache = getattr(layers, name)(scores, labels)
    assert_same(loss, expected.item())
    assert_same(getattr(layers, f"{name}_backward")(dout, cache), gradient.numpy())
    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize("name", LOSSES)
def test_the_dtype_is_kept(name):
    scores, labels = draw(0, 4, 3).astype(np.float32), np.array([0, 1, 2, 2], np.uint8)
    loss, cache = getattr(layers, name)(scores, labels)
    assert loss.dtype == getattr(layers, f"{name}_backward")(np.float64(1), cache).dtype == np.float32


def test_hinge_margin():
    scores, labels = draw(0, 5, 4), np.array([0, 1, 2, 3, 0])
    expected = F.multi_margin_loss(torch.tensor(scores), torch.tensor(labels), margin=2.5).item() * 4
    assert_same(layers.hinge_loss(scores, labels, margin=2.5)[0], expected)


def test_softmax_of_large_scores():
    scores = np.array([[1e4, 0.0, -1e4], [1e4, 1e4, 1e4]])
    with np.errstate(over="raise", invalid="raise"):
        assert_same(layers.softmax(scores), [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3]])
        assert_same(layers.softmax_cross_entropy(scores, np.array([2, 0]))[0], (2e4 + np.log(3)) / 2)


def test_equal_scores_cost_the_logarithm_of_the_classes():
    assert_same(layers.softmax_cross_entropy(np.zeros((7, 10)), np.arange(7))[0], np.log(10))
