"""A network as a feature extractor: what one of its layers says about every image."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from course_utils.training.devices import device_of
from course_utils.training.modes import evaluating
from course_utils.transfer.stages import HEAD, stages


class _Found(Exception):
    """Carries a layer's output out of the network."""

    def __init__(self, value: Tensor):
        self.value = value


def features(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Any]],
    layer: str | None = None,
    *,
    pool: Literal["mean", "max", None] = "mean",
) -> tuple[np.ndarray, np.ndarray]:
    """What ``layer`` makes of every image, in evaluation mode.

    The network stops there: nothing behind the layer is computed, and no in-place ReLU behind it can change
    what is returned.

    Args:
        model: a network; the modes of its parts are put back.
        loader: yields ``(images, labels)``, normalised as the network expects. Not shuffled, if rows shall
            follow the set's order.
        layer: a path of ``model.named_modules()``, or the name of a stage (its last part's output). By
            default what the head gets to see, which Donahue et al. (DeCAF, arXiv:1310.1531) and Razavian et
            al. (arXiv:1403.6382) fed to linear classifiers.
        pool: what to make of maps (N, C, H, W): their ``"mean"`` or ``"max"`` over positions, (N, C), or
            with ``None`` all values in one row, (N, C * H * W). Vectors stay as they are.

    Returns:
        Features, float32 (N, D), and labels, (N,).

    Raises:
        ValueError: no such layer or pooling, a layer that does not run, or a loader without a batch.
    """
    if pool not in ("mean", "max", None):
        raise ValueError(f"pool is {pool!r}: expected 'mean', 'max' or None")
    wanted, before = _place(model, layer)
    device = device_of(model)

    def leave(module, args, output=None):
        raise _Found(args[0] if before else output)

    hook = wanted.register_forward_pre_hook(leave) if before else wanted.register_forward_hook(leave)
    rows, labels = [], []
    try:
        with torch.no_grad(), evaluating(model):
            for images, batch_labels in loader:
                try:
                    model(images.to(device))
                except _Found as found:
                    rows.append(_flat(found.value, pool).float().cpu())
                else:
                    raise ValueError(f"layer {layer!r} does not run when the network is evaluated")
                labels.append(torch.as_tensor(batch_labels).cpu())
    finally:
        hook.remove()
    if not rows:
        raise ValueError("the loader yields no batch: there is nothing to describe")
    return torch.cat(rows).numpy(), torch.cat(labels).numpy()


def _place(model: nn.Module, layer: str | None) -> tuple[nn.Module, bool]:
    """The module to listen at, and whether to its input instead of its output."""
    if layer is None:
        return stages(model)[HEAD].modules[-1], True
    return find_layer(model, layer), False


def find_layer(model: nn.Module, layer: str) -> nn.Module:
    """The submodule called ``layer``, or the last part of the stage of that name.

    Raises:
        ValueError: there is neither.
    """
    by_path = dict(model.named_modules())
    if layer in by_path and layer:
        return by_path[layer]
    known = stages(model)
    if layer not in known:
        raise ValueError(
            f"layer is {layer!r}: expected a stage ({', '.join(known)}) or a path such as "
            "model.named_modules() lists"
        )
    return known[layer].modules[-1]


def _flat(value: Tensor, pool: str | None) -> Tensor:
    if value.ndim == 4 and pool == "mean":
        return value.mean((2, 3))
    if value.ndim == 4 and pool == "max":
        return value.amax((2, 3))
    return value.flatten(1)
