"""What the pictures of a network's reasons share: images in, class scores out, arguments checked."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from course_utils.training.modes import evaluating


def as_batch(images: Tensor) -> tuple[Tensor, bool]:
    """``images`` as (N, C, H, W), and whether it was one image.

    Raises:
        TypeError: not a float tensor.
        ValueError: neither three nor four axes.
    """
    if not isinstance(images, Tensor) or not images.is_floating_point():
        kind = images.dtype if isinstance(images, Tensor) else type(images).__name__
        raise TypeError(f"images are {kind}: expected a float tensor, normalised as in training")
    if images.ndim not in (3, 4):
        raise ValueError(f"images have shape {tuple(images.shape)}: expected (N, C, H, W) or (C, H, W)")
    return (images[None], True) if images.ndim == 3 else (images, False)


def class_scores(model: nn.Module, images: Tensor) -> Tensor:
    """Logits (N, classes) in evaluation mode; each module's mode is put back."""
    with evaluating(model):
        return model(images)


def targets_of(logits: Tensor, target: int | Tensor | None) -> Tensor:
    """The class looked at in each image, (N,): the given one, or that of the highest score.

    Raises:
        ValueError: no such class, or not one for each image.
    """
    n, classes = logits.shape
    if target is None:
        return logits.argmax(1)
    chosen = torch.as_tensor(target, device=logits.device)
    if chosen.ndim == 0:
        chosen = chosen.expand(n)
    if chosen.shape != (n,) or chosen.is_floating_point():
        raise ValueError(f"target is {target!r}: expected a class, or {n} of them, one an image")
    if chosen.min() < 0 or chosen.max() >= classes:
        raise ValueError(f"target is {target!r}: expected classes 0 to {classes - 1}")
    return chosen.long()
