"""Normalisation against torch: outputs, gradients and running statistics."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from course_utils import layers
from tests.layers.oracle import assert_layer, assert_same, draw, torch

F = torch.nn.functional
sizes = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
seeds = st.integers(0, 99)


@given(sizes, seeds)
def test_batch_norm_in_training(size, seed):
    assume(size[0] * size[2] * size[3] > 1)
    channels = size[1]
    arrays = [3 + 2 * draw(seed, *size), draw(seed, channels), draw(seed + 1, channels)]
    assert_layer(
        layers.batch_norm2d,
        layers.batch_norm2d_backward,
        lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, training=True),
        arrays,
    )


@given(sizes, seeds)
def test_batch_norm_at_test_time(size, seed):
    channels = size[1]
    arrays = [draw(seed, *size), draw(seed, channels), draw(seed + 1, channels)]
    mean, var = draw(seed + 2, channels), draw(seed + 3, channels) ** 2 + 0.1
    running = layers.RunningStatistics(mean, var)
    assert_layer(
        lambda *a: layers.batch_norm2d(*a, running, training=False),
        layers.batch_norm2d_backward,
        lambda x, gamma, beta: F.batch_norm(x, torch.tensor(mean), torch.tensor(var), gamma, beta),
        arrays,
    )
    assert running.mean is mean
    assert running.var is var


@pytest.mark.parametrize("momentum", [0.0, 0.1, 1.0])
def test_running_statistics_follow_the_batches_as_torchs_do(momentum):
    theirs = torch.nn.BatchNorm2d(3, momentum=momentum, dtype=torch.float64)
    running = layers.RunningStatistics.start(3)
    gamma, beta = np.ones(3), np.zeros(3)
    for seed in range(3):
        x = 5 + draw(seed, 4, 3, 2, 2)
        layers.batch_norm2d(x, gamma, beta, running, momentum=momentum)
        theirs(torch.tensor(x))
    assert_same(running.mean, theirs.running_mean.numpy())
    assert_same(running.var, theirs.running_var.numpy())


def test_batch_norm_keeps_the_dtype():
    x, gamma, beta = draw(0, 4, 3, 2, 2).astype(np.float32), np.ones(3, np.float32), np.zeros(3, np.float32)
    running = layers.RunningStatistics.start(3, np.float32)
    for training in (True, False):
        out, cache = layers.batch_norm2d(x, gamma, beta, running, training=training)
        results = [out, *layers.batch_norm2d_backward(out, cache), running.mean, running.var]
        assert {result.dtype for result in results} == {np.dtype(np.float32)}


@given(sizes, st.integers(1, 7), seeds)
def test_local_response_norm(size, neighbours, seed):
    """torch's alpha is shared among the neighbours, AlexNet's is not."""
    options = {"alpha": 0.3, "beta": 0.75, "k": 2.0}
    assert_layer(
        lambda x: layers.local_response_norm(x, neighbours, **options),
        layers.local_response_norm_backward,
        lambda x: F.local_response_norm(x, neighbours, **(options | {"alpha": 0.3 * neighbours})),
        [draw(seed, *size)],
    )


def test_local_response_norm_is_the_papers_formula():
    """Krizhevsky et al. 2012, section 3.3, one number at a time, with the paper's constants."""
    x = 30 * draw(0, 1, 8, 2, 2)
    out, _ = layers.local_response_norm(x)
    N, k, n, alpha, beta = 8, 2, 5, 1e-4, 0.75
    for i, row, column in np.ndindex(8, 2, 2):
        window = range(max(0, i - n // 2), min(N - 1, i + n // 2) + 1)
        total = sum(x[0, j, row, column] ** 2 for j in window)
        assert out[0, i, row, column] == pytest.approx(x[0, i, row, column] / (k + alpha * total) ** beta)
