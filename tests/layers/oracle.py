"""torch in float64 as the oracle: the same function, the same numbers, outputs and gradients to 1e-10."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")


def draw(seed, *shape, ties=False):
    """Numbers from a seed; with ``ties`` few different ones, so that many are equal."""
    rng = np.random.default_rng([seed, len(shape), *shape])
    return rng.integers(-2, 3, shape).astype(np.float64) if ties else rng.normal(size=shape)


def torch_gradients(function, arrays, seed=0):
    """The output of a function of torch tensors, a random dout, and the gradients by every array."""
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    out = function(*tensors)
    dout = draw(seed, *out.shape)
    gradients = torch.autograd.grad(out, tensors, torch.tensor(dout), allow_unused=True)
    return out.detach().numpy(), dout, [gradient.numpy() for gradient in gradients]


def assert_same(ours, torchs, what=""):
    np.testing.assert_allclose(ours, torchs, rtol=1e-10, atol=1e-10, err_msg=what)


def assert_layer(forward, backward, torch_function, arrays, seed=0):
    """A layer of ``arrays``, which all get gradients, against torch's; they must stay as they were."""
    before = [array.copy() for array in arrays]
    expected, dout, gradients = torch_gradients(torch_function, arrays, seed)
    out, cache = forward(*arrays)
    assert_same(out, expected, "output")
    ours = backward(dout, cache)
    ours = ours if isinstance(ours, tuple) else (ours,)
    for number, (one, other) in enumerate(zip(ours, gradients, strict=True)):
        assert one.shape == other.shape
        assert_same(one, other, f"gradient by argument {number}")
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy, err_msg="an argument was changed")
