"""What to look at before training for hours: does it start right, can it learn at all, how fast may it go?"""

from __future__ import annotations

import copy
import math
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.training.devices import device_of


class InitialLoss(NamedTuple):
    """Loss of the untrained network, the log of the number of classes, and whether they are close."""

    loss: float
    expected: float
    ok: bool


@torch.no_grad()
def initial_loss_check(
    model: nn.Module, batch: tuple[Tensor, Tensor], *, tolerance: float = 0.25
) -> InitialLoss:
    """Does an untrained classifier start at log C?

    With no knowledge all C classes are equally likely and the cross-entropy is log C. A much
    higher loss says that the initial weights are too large or the inputs not normalised.

    Args:
        model: the untrained network; it is not changed.
        batch: images ``(B, C, H, W)`` and labels ``(B,)``.
        tolerance: how far from log C is close, as a fraction of log C.
    """
    probe = copy.deepcopy(model).train()
    images, labels = _where(probe, batch)
    logits = probe(images)
    loss, expected = F.cross_entropy(logits, labels).item(), math.log(logits.shape[1])
    return InitialLoss(loss, expected, abs(loss - expected) <= tolerance * expected)


def overfit(
    model: nn.Module,
    batch: tuple[Tensor, Tensor],
    *,
    steps: int = 200,
    lr: float = 1e-2,
    until: float = 0.01,
) -> list[float]:
    """Train a copy of ``model`` on one small batch and return the loss of every step.

    A network that cannot learn a handful of images by heart has a bug, or no capacity.
    Stops early below the loss ``until``. SGD with momentum 0.9; ``model`` is not changed.
    """
    probe = copy.deepcopy(model).train()
    optimizer = torch.optim.SGD(probe.parameters(), lr=lr, momentum=0.9)
    images, labels = _where(probe, batch)
    losses: list[float] = []
    for _ in range(steps):
        loss = F.cross_entropy(probe(images), labels)
        losses.append(loss.item())
        if losses[-1] < until:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def learning_rate_range_test(
    model: nn.Module,
    loader: Any,
    *,
    lowest: float = 1e-5,
    highest: float = 10.0,
    steps: int = 100,
    momentum: float = 0.9,
) -> tuple[list[float], list[float]]:
    """Raise the learning rate from ``lowest`` to ``highest`` in equal ratios and watch the loss.

    Returns rates and smoothed losses, one a step; stops where the loss exceeds four times
    its lowest value. A good highest rate is a little below where the curve turns up (Leslie
    Smith, "Cyclical Learning Rates for Training Neural Networks", 2017). ``model`` is not
    changed.

    Raises:
        ValueError: ``lowest`` is not below ``highest``, or fewer than 2 steps.
    """
    if not 0 < lowest < highest:
        raise ValueError(f"lowest is {lowest} and highest {highest}: expected 0 < lowest < highest")
    if steps < 2:
        raise ValueError(f"steps is {steps}: expected at least 2")
    probe = copy.deepcopy(model).train()
    optimizer = torch.optim.SGD(probe.parameters(), lr=lowest, momentum=momentum)
    rates: list[float] = []
    losses: list[float] = []
    smooth, batches = 0.0, iter(loader)
    for step in range(steps):
        try:
            images, labels = next(batches)
        except StopIteration:
            batches = iter(loader)
            images, labels = next(batches)
        rate = lowest * (highest / lowest) ** (step / (steps - 1))
        for group in optimizer.param_groups:
            group["lr"] = rate
        images, labels = _where(probe, (images, labels))
        loss = F.cross_entropy(probe(images), labels)
        # Average over about ten steps, corrected for having started at 0.
        smooth = 0.9 * smooth + 0.1 * loss.item()
        rates.append(rate)
        losses.append(smooth / (1 - 0.9 ** (step + 1)))
        if not math.isfinite(smooth) or losses[-1] > 4 * min(losses):
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return rates, losses


def gradient_norms(model: nn.Module, batch: tuple[Tensor, Tensor]) -> dict[str, float]:
    """The Euclidean norm of the loss's gradient for every trainable parameter, in the network's order.

    Runs one forward and backward pass on a copy in training mode; ``model`` is not changed.
    """
    probe = copy.deepcopy(model).train()
    images, labels = _where(probe, batch)
    F.cross_entropy(probe(images), labels).backward()
    return {
        name: 0.0 if parameter.grad is None else parameter.grad.norm().item()
        for name, parameter in probe.named_parameters()
        if parameter.requires_grad
    }


def _where(model: nn.Module, batch: tuple[Tensor, Tensor]) -> list[Tensor]:
    """The batch on the device that the model is on (after training, a GPU perhaps)."""
    device = device_of(model)
    return [tensor.to(device) for tensor in batch]
