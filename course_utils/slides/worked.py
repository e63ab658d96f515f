"""The decks' small worked examples, done by the real operations."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.arithmetic import output_size


def conv_shape(
    shape: tuple[int, int, int], filters: int, kernel: int, stride: int = 1, padding: int = 0
) -> tuple[int, int, int]:
    """(C, H, W) that so many filters make of (C, H, W)."""
    return (filters, *(output_size(n, kernel, stride, padding) for n in shape[1:]))


def weight_shape(in_channels: int, out_channels: int, kernel: int | tuple[int, int]) -> tuple[int, ...]:
    """Shape of a convolution's weights."""
    return tuple(nn.Conv2d(in_channels, out_channels, kernel, device="meta").weight.shape)


def weight_axes() -> str:
    """The order of the weights' axes, read off a layer whose sizes all differ."""
    names = {7: "Cout", 5: "Cin", 2: "Kh", 3: "Kw"}  # a kernel of 2 rows and 3 columns
    return " x ".join(names[n] for n in weight_shape(5, 7, (2, 3)))


def _map(grid: Sequence[Sequence[float]]) -> torch.Tensor:
    return torch.tensor(grid, dtype=torch.float64)[None, None]


def _grid(tensor: torch.Tensor) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in tensor[0, 0].tolist())


def max_pool(grid: Sequence[Sequence[float]], size: int) -> tuple[tuple[float, ...], ...]:
    """Max pooling of one map, the stride as large as the window."""
    return _grid(F.max_pool2d(_map(grid), size))


def layer_output(image: Sequence[Sequence[float]], kernel: Sequence[Sequence[float]]):
    """What a convolution layer makes of one map with this kernel: it does not flip it."""
    return _grid(F.conv2d(_map(image), _map(kernel)))


def convolve(image: Sequence[Sequence[float]], kernel: Sequence[Sequence[float]]):
    """The convolution of mathematics: the sum of ``g[i, j] f[x - i, y - j]``, wherever all of g fits."""
    rows, columns = len(kernel), len(kernel[0])
    return tuple(
        tuple(
            float(sum(image[x - i][y - j] * kernel[i][j] for i in range(rows) for j in range(columns)))
            for y in range(columns - 1, len(image[0]))
        )
        for x in range(rows - 1, len(image))
    )


def dropout_values(p: float) -> tuple[float, ...]:
    """The values that dropout makes of ones, in training."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return tuple(F.dropout(torch.ones(10_000, dtype=torch.float64), p).unique().tolist())


def lrn_agrees(size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0) -> bool:
    """Whether the printed formula of local response normalisation is torch's (which divides alpha by n)."""
    a = torch.linspace(-3, 3, 12 * 2, dtype=torch.float64).reshape(1, 12, 2, 1)
    half, last = size // 2, a.shape[1] - 1
    squares = [a[:, max(0, i - half) : min(last, i + half) + 1].square().sum(1) for i in range(last + 1)]
    formula = a / (k + alpha * torch.stack(squares, 1)) ** beta
    return torch.allclose(formula, nn.LocalResponseNorm(size, alpha * size, beta, k)(a))


def squeeze_agrees() -> bool:
    """Whether the mean over height and width of each channel is global average pooling."""
    x = torch.arange(24.0).reshape(1, 2, 3, 4)
    mean = torch.stack([sum(x[0, c].flatten()) / (3 * 4) for c in (0, 1)])
    return torch.allclose(mean, F.adaptive_avg_pool2d(x, 1).flatten())


# As printed: sigma, tanh, ReLU, leaky ReLU with 0.1, maxout of two lines, ELU with alpha.
_ACTIVATIONS = (
    (lambda x: 1 / (1 + math.exp(-x)), torch.sigmoid),
    (math.tanh, torch.tanh),
    (lambda x: max(0, x), torch.relu),
    (lambda x: max(0.1 * x, x), lambda x: F.leaky_relu(x, 0.1)),
    (lambda x: max(2 * x + 1, -x), lambda x: torch.stack([2 * x + 1, -x]).amax(0)),
    (lambda x: x if x >= 0 else 0.5 * (math.exp(x) - 1), lambda x: F.elu(x, 0.5)),
)


def activations_agree() -> bool:
    """Whether the six printed activation functions are torch's, at points on both sides of 0."""
    points = [-3.0, -1.0, -0.1, 0.0, 0.2, 1.0, 4.0]
    x = torch.tensor(points, dtype=torch.float64)
    return all(
        math.isclose(formula(point), value, abs_tol=1e-12)
        for formula, function in _ACTIVATIONS
        for point, value in zip(points, function(x).tolist(), strict=True)
    )


def block_is_identity() -> bool:
    """Whether a residual block of zero weights, ReLU(x + 0), gives back an x that came out of a ReLU."""
    x = torch.linspace(-2, 2, 9).relu()
    return torch.equal(torch.relu(x + torch.zeros_like(x)), x)


def top(scores: Sequence[float], names: Sequence[str], k: int) -> str:
    """The k most probable classes, the most probable first."""
    ranked = sorted(range(len(scores)), key=lambda i: -scores[i])
    return ", ".join(names[i] for i in ranked[:k])


def top_is_unique(scores: Sequence[float], k: int) -> bool:
    """Whether the set of the k largest scores does not depend on how ties are broken."""
    ranked = sorted(scores, reverse=True)
    return k >= len(ranked) or ranked[k - 1] > ranked[k]


def relu_gradient(x: float) -> float:
    """The derivative that autograd gives ReLU at x."""
    point = torch.tensor(float(x), requires_grad=True)
    torch.relu(point).backward()
    return point.grad.item()
