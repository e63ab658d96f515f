"""The perceptron: its rule by hand, and Novikoff's bound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import layers


def test_the_rule_by_hand():
    x, w, b = np.array([2.0, -1.0]), np.array([0.5, 0.5]), 0.0
    assert layers.perceptron(x, w, b) == 1  # 0.5 * 2 - 0.5 = 0.5 > 0
    w, b = layers.perceptron_update(x, target=0, w=w, b=b, rate=0.1)
    np.testing.assert_allclose(w, [0.3, 0.6])
    assert b == pytest.approx(-0.1)
    same, b2 = layers.perceptron_update(x, target=layers.perceptron(x, w, b), w=w, b=b)
    np.testing.assert_array_equal(same, w)
    assert b2 == b


def test_zero_is_not_above_the_threshold():
    assert layers.perceptron(np.zeros(3), np.ones(3), 0.0) == 0


@given(st.integers(0, 99), st.integers(1, 5), st.sampled_from([0.01, 1.0, 7.0]))
def test_separable_classes_are_learned_within_novikoffs_bound(seed, dimensions, rate):
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=dimensions + 1)
    normal /= np.linalg.norm(normal)
    x = rng.normal(size=(60, dimensions))
    with_ones = np.hstack([x, np.ones((60, 1))])
    margins = with_ones @ normal
    x, with_ones, margins = (array[abs(margins) > 0.1] for array in (x, with_ones, margins))
    w, b, mistakes = layers.train_perceptron(x, margins > 0, rate=rate, epochs=100_000)
    assert mistakes[-1] == 0
    np.testing.assert_array_equal(layers.perceptron(x, w, b), margins > 0)
    if len(x):
        # From zero weights a score of exactly 0 counts as class 0: one update more at most.
        bound = (np.linalg.norm(with_ones, axis=1).max() / abs(margins).min()) ** 2
        assert sum(mistakes) <= bound + 1


def test_exclusive_or_never_settles():
    x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    _, _, mistakes = layers.train_perceptron(x, [0, 1, 1, 0], epochs=50)
    assert len(mistakes) == 50
    assert min(mistakes) > 0
