"""Stochastic depth: train a short network, test a deep one. Used by the CIFAR ResNets' `survival`."""

from collections.abc import Callable

import torch
from torch import Tensor


def stochastic_depth(
    branch: Callable[[Tensor], Tensor], x: Tensor, survival: float, training: bool
) -> Tensor | float:
    """The residual ``branch(x)`` as one mini-batch sees it: whole, or with probability ``1 - survival`` gone.

    A dropped branch contributes 0.0 and is not computed; the paper saves a quarter of its training time
    there. At test the branch is scaled by `survival`, its expectation in training. Draws one number from
    torch's global CPU generator.

    What later code changed (timm's ``drop_path``, torchvision's ``stochastic_depth``): it draws for each
    image of the batch, which computes all branches, and divides by `survival` in training instead of
    multiplying at test.

    Source: Huang, Sun, Liu, Sedra, Weinberger 2016, Deep Networks with Stochastic Depth, arXiv:1603.09382.

    >>> stochastic_depth(torch.square, torch.tensor(3.0), survival=0.5, training=False)
    tensor(4.5000)
    """
    if survival == 1:
        return branch(x)
    if not training:
        return survival * branch(x)
    return branch(x) if torch.rand((), device="cpu") < survival else 0.0


def linear_decay(blocks: int, last: float) -> list[float]:
    """Survival of block l = 1 ... L: ``1 - l / L * (1 - last)``. Early blocks, on which all depend, stay.

    Raises:
        ValueError: `last` is not above 0 and at most 1.

    >>> linear_decay(4, last=0.5)
    [0.875, 0.75, 0.625, 0.5]
    """
    if not 0 < last <= 1:
        raise ValueError(f"survival is the last block's probability to stay, 0 < survival <= 1, not {last!r}")
    return [1 - block / blocks * (1 - last) for block in range(1, blocks + 1)]
