"""Linear layer, activations, dropout and squeeze-and-excitation against torch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import layers
from tests.layers.oracle import assert_layer, assert_same, draw, torch

F = torch.nn.functional
shapes = st.lists(st.integers(0, 4), max_size=4).map(tuple)
seeds = st.integers(0, 99)

ACTIVATIONS = {
    "relu": ({}, F.relu),
    "leaky_relu": ({"slope": 0.2}, lambda x: F.leaky_relu(x, 0.2)),
    "elu": ({"alpha": 1.5}, lambda x: F.elu(x, 1.5)),
    "sigmoid": ({}, torch.sigmoid),
    "tanh": ({}, torch.tanh),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(shapes, seeds, st.booleans())
def test_activations(name, shape, seed, ties):
    """With ties a fifth of the numbers are 0: the kink itself."""
    options, torchs = ACTIVATIONS[name]
    forward, backward = getattr(layers, name), getattr(layers, f"{name}_backward")
    assert_layer(lambda x: forward(x, **options), backward, torchs, [draw(seed, *shape, ties=ties)], seed)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_stay_finite_far_out_and_keep_the_dtype(name):
    options, torchs = ACTIVATIONS[name]
    x = np.array([-1e4, -750, 0, 750, 1e4], np.float32)
    with np.errstate(over="raise", invalid="raise"):
        out, cache = getattr(layers, name)(x, **options)
        dx = getattr(layers, f"{name}_backward")(np.ones_like(x), cache)
    assert np.isfinite(out).all()
    assert np.isfinite(dx).all()
    assert (out.dtype, dx.dtype) == (np.float32, np.float32)
    np.testing.assert_allclose(out, torchs(torch.tensor(x)), rtol=1e-6)


@given(
    st.integers(0, 2), st.integers(1, 3), st.integers(1, 4), st.lists(st.integers(1, 3), max_size=2), seeds
)
def test_maxout(batch, units, pieces, rest, seed):
    x = draw(seed, batch, units * pieces, *rest, ties=True)
    assert_layer(
        lambda x: layers.maxout(x, pieces),
        layers.maxout_backward,
        lambda x: x.reshape(batch, units, pieces, *rest).max(dim=2).values,
        [x],
    )


@given(st.integers(0, 3), st.integers(1, 4), st.integers(1, 4), seeds)
def test_linear(batch, inside, outside, seed):
    x, w, b = draw(seed, batch, inside), draw(seed, outside, inside), draw(seed, outside)
    assert_layer(layers.linear, layers.linear_backward, F.linear, [x, w, b], seed)
    assert_layer(layers.linear, lambda *a: layers.linear_backward(*a)[:2], F.linear, [x, w], seed)
    assert layers.linear_backward(draw(seed, batch, outside), layers.linear(x, w)[1])[2] is None


@given(st.integers(0, 2), st.integers(1, 4), st.integers(1, 3), seeds)
def test_squeeze_excite(batch, channels, reduced, seed):
    arrays = [
        draw(seed, *shape)
        for shape in (
            (batch, channels, 3, 2),
            (reduced, channels),
            (reduced,),
            (channels, reduced),
            (channels,),
        )
    ]

    def torchs(x, w1, b1, w2, b2):
        gate = torch.sigmoid(F.linear(F.relu(F.linear(x.mean((2, 3)), w1, b1)), w2, b2))
        return x * gate[:, :, None, None]

    assert_layer(layers.squeeze_excite, layers.squeeze_excite_backward, torchs, arrays, seed)


@pytest.mark.parametrize("p", [0.0, 0.3, 0.5, 1.0])
def test_dropout_zeroes_a_share_and_scales_the_rest(p):
    x = 1 + draw(0, 200, 300) ** 2  # never 0
    out, cache = layers.dropout(x, p, np.random.default_rng(0))
    kept = out != 0
    assert abs(kept.mean() - (1 - p)) <= 5 * np.sqrt(p * (1 - p) / x.size)
    if p < 1:
        assert_same(out[kept], x[kept] / (1 - p))
        assert abs(out.mean() / x.mean() - 1) < 0.02
    dout = draw(1, 200, 300)
    assert_same(layers.dropout_backward(dout, cache), np.where(kept, dout / (1 - p) if p < 1 else 0, 0))


def test_dropout_does_nothing_at_test_time():
    x = draw(0, 4, 5).astype(np.float32)
    out, cache = layers.dropout(x, 0.5, np.random.default_rng(0), training=False)
    np.testing.assert_array_equal(out, x)
    assert not np.shares_memory(out, x)
    np.testing.assert_array_equal(layers.dropout_backward(x, cache), x)
    assert out.dtype == layers.dropout_backward(x, cache).dtype == np.float32


def test_dropout_comes_from_its_generator():
    x = np.ones((50, 50))
    one, again, other = (layers.dropout(x, 0.5, np.random.default_rng(seed))[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_a_numpy_setting_does_not_widen_the_dtype():
    """np.float64 is a number, but unlike Python's float it would turn float32 arrays into float64."""
    x, rate = draw(0, 2, 4, 3, 3).astype(np.float32), np.float64(0.5)
    outs = [
        layers.leaky_relu(x, rate)[0],
        layers.elu(x, rate)[0],
        layers.dropout(x, rate, np.random.default_rng(0))[0],
        layers.local_response_norm(x, 3, alpha=rate, beta=rate, k=rate)[0],
        layers.batch_norm2d(x, np.ones(4, np.float32), np.zeros(4, np.float32), momentum=rate, eps=rate)[0],
        layers.hinge_loss(x[:, :, 0, 0], np.array([0, 3]), margin=rate)[0],
    ]
    assert {out.dtype for out in outs} == {np.dtype(np.float32)}
