"""The gradient checker must find what is wrong, pass what is right, and say where."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import layers
from tests.layers.oracle import draw

LAYERS = {
    "conv2d": (
        lambda x, w, b: layers.conv2d(x, w, b, stride=2, padding=1),
        layers.conv2d_backward,
        [(2, 2, 4, 3), (3, 2, 3, 2), (3,)],
    ),
    "linear": (layers.linear, layers.linear_backward, [(3, 4), (2, 4), (2,)]),
    "max_pool2d": (lambda x: layers.max_pool2d(x, 3, 2), layers.max_pool2d_backward, [(2, 2, 5, 5)]),
    "avg_pool2d": (lambda x: layers.avg_pool2d(x, 3, 2, 1), layers.avg_pool2d_backward, [(2, 2, 5, 5)]),
    "global_avg_pool2d": (layers.global_avg_pool2d, layers.global_avg_pool2d_backward, [(2, 3, 4, 4)]),
    "relu": (layers.relu, layers.relu_backward, [(3, 5)]),
    "elu": (layers.elu, layers.elu_backward, [(3, 5)]),
    "sigmoid": (layers.sigmoid, layers.sigmoid_backward, [(3, 5)]),
    "tanh": (layers.tanh, layers.tanh_backward, [(3, 5)]),
    "maxout": (layers.maxout, layers.maxout_backward, [(3, 6)]),
    "batch_norm2d": (layers.batch_norm2d, layers.batch_norm2d_backward, [(3, 2, 3, 2), (2,), (2,)]),
    "local_response_norm": (layers.local_response_norm, layers.local_response_norm_backward, [(2, 6, 2, 2)]),
    "squeeze_excite": (
        layers.squeeze_excite,
        layers.squeeze_excite_backward,
        [(2, 4, 2, 2), (2, 4), (2,), (4, 2), (4,)],
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_passes(name):
    """The way chapters and assignments check a layer: no torch anywhere."""
    forward, backward, shapes = LAYERS[name]
    arrays = [draw(number, *shape) for number, shape in enumerate(shapes)]
    out, cache = forward(*arrays)
    dout = draw(9, *out.shape)
    gradients = backward(dout, cache)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    for number, gradient in enumerate(gradients):

        def f(array, number=number):
            return forward(*arrays[:number], array, *arrays[number + 1 :])[0]

        check = layers.check_gradient(f, arrays[number], gradient, dout)
        assert check.ok, f"argument {number}: {check}"
        assert check.checked == arrays[number].size


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "hinge_loss"])
def test_losses_need_no_dout(name):
    scores, labels = draw(0, 4, 5), np.array([0, 4, 2, 2])
    _, cache = getattr(layers, name)(scores, labels)
    gradient = getattr(layers, f"{name}_backward")(1.0, cache)
    check = layers.check_gradient(lambda scores: getattr(layers, name)(scores, labels)[0], scores, gradient)
    assert check.ok, check


@given(st.integers(0, 99))
def test_one_wrong_element_is_found_and_named(seed):
    x, dout = draw(seed, 3, 4), draw(seed + 1, 3, 4)
    gradient = dout * np.cos(x)
    assert layers.check_gradient(np.sin, x, gradient, dout).ok
    where = seed % 3, seed % 4
    gradient[where] += 1e-4
    check = layers.check_gradient(np.sin, x, gradient, dout)
    assert not check.ok
    assert (check.wrong, check.index) == (1, where)
    assert check.given == gradient[where]
    assert check.numerical == pytest.approx(gradient[where] - 1e-4)
    assert f"wrong at 1 of 12 elements, worst {where}: given" in str(check)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 0.0])
def test_what_is_no_number_is_never_right(wrong):
    x = draw(0, 4)
    gradient = np.cos(x)
    gradient[2] = wrong
    check = layers.check_gradient(lambda x: np.sin(x).sum(), x, gradient)
    assert not check.ok
    assert (check.wrong, check.index) == (1, (2,))


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(lambda x: x.T, id="transposed"),
        pytest.param(lambda x: x[::2, ::-1], id="strided and reversed"),
        pytest.param(lambda x: np.asfortranarray(x), id="Fortran order"),
        pytest.param(lambda x: np.broadcast_to(x[0], x.shape), id="broadcast"),
        pytest.param(lambda x: x[1, 2], id="one number"),
    ],
)
def test_any_memory_layout_gives_the_right_gradient_and_is_left_alone(view):
    x = view(draw(0, 4, 6))
    before = x.copy()
    np.testing.assert_allclose(layers.numerical_gradient(np.sin, x, np.ones(x.shape)), np.cos(x), atol=1e-9)
    np.testing.assert_array_equal(x, before)


def test_float32_is_checked_in_float64():
    x = draw(0, 5).astype(np.float32)
    seen = []

    def f(x):
        seen.append(x.dtype)
        return np.sin(x)

    gradient = layers.numerical_gradient(f, x, np.ones(5))
    assert set(seen) == {gradient.dtype} == {np.dtype(np.float64)}
    np.testing.assert_allclose(gradient, np.cos(x.astype(np.float64)), atol=1e-9)


def test_kinks_are_skipped_only_on_request_and_counted():
    x = np.array([-1.0, 0.0, 1e-7, 0.5, 2.0])
    out, cache = layers.relu(x)
    gradient = layers.relu_backward(np.ones_like(out), cache)

    def f(x):
        return layers.relu(x)[0]

    assert not layers.check_gradient(f, x, gradient, np.ones(5)).ok
    check = layers.check_gradient(f, x, gradient, np.ones(5), skip_kinks=True)
    assert check.ok, check
    assert (check.checked, check.skipped) == (3, 2)
    assert "2 skipped at kinks" in str(check)


def test_skipping_kinks_hides_no_mistake_elsewhere():
    x = draw(0, 30)
    wrong = np.where(x > 0, 1.0, 0.01)  # leaky where it should not be
    check = layers.check_gradient(lambda x: layers.relu(x)[0], x, wrong, np.ones(30), skip_kinks=True)
    assert check.wrong == (x < 0).sum()


def test_nothing_to_check():
    check = layers.check_gradient(np.sin, np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3)))
    assert check.ok
    assert str(check) == "nothing to check"


def test_shapes_that_do_not_match_are_named():
    with pytest.raises(ValueError, match=r"dout must have the shape of f\(x\) \(3,\), not \(3, 1\)"):
        layers.numerical_gradient(np.sin, np.zeros(3), np.ones((3, 1)))
    with pytest.raises(ValueError, match=r"dout must have the shape of f\(x\) \(3,\), not \(\)"):
        layers.numerical_gradient(np.sin, np.zeros(3))
    with pytest.raises(ValueError, match=r"gradient must have the shape of x \(3,\), not \(1, 3\)"):
        layers.check_gradient(np.sin, np.zeros(3), np.zeros((1, 3)), np.ones(3))
