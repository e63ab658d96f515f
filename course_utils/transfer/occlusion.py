"""Occlusion: cover a place, and see how much the class's score falls."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from course_utils.transfer.scores import as_batch, class_scores, targets_of


@torch.no_grad()
def occlusion_map(
    model: nn.Module,
    image: Tensor,
    target: int | None = None,
    *,
    size: int = 8,
    stride: int | None = None,
    fill: float = 0.0,
    batch_size: int = 64,
) -> Tensor:
    """How much the class's probability falls when a square over each pixel is covered.

    Zeiler and Fergus, arXiv:1311.2901, section 4.2. Squares lie ``stride`` apart, the last of a row flush
    with the edge; a pixel gets the mean over the squares that cover it.

    Args:
        model: a network to logits; evaluated, its mode put back.
        image: float (C, H, W), normalised.
        target: class; by default the most probable one.
        size: side of the square in pixels.
        stride: by default half of ``size``.
        fill: what covers, in the normalised image's units: 0 is the mean colour.
        batch_size: covered images a forward pass.

    Returns:
        (H, W): probability lost; negative where covering helps.

    Raises:
        ValueError: a square that does not fit, or leaves pixels never covered; no such class.
    """
    batch, single = as_batch(image)
    if not single:
        raise ValueError(f"image has shape {tuple(image.shape)}: expected one image (C, H, W)")
    height, width = image.shape[1:]
    stride = max(1, size // 2) if stride is None else stride
    if not 1 <= size <= min(height, width):
        raise ValueError(f"size is {size}: expected 1 to {min(height, width)}, the image's shorter side")
    if not 1 <= stride <= size:
        raise ValueError(f"stride is {stride}: expected 1 to {size}, or squares would leave gaps")
    logits = class_scores(model, batch)
    chosen = int(targets_of(logits, target))
    whole = logits.softmax(1)[0, chosen]

    corners = [(top, left) for top in _places(height, size, stride) for left in _places(width, size, stride)]
    lost, times = torch.zeros(height, width), torch.zeros(height, width)
    for start in range(0, len(corners), batch_size):
        some = corners[start : start + batch_size]
        covered = image.repeat(len(some), 1, 1, 1)
        for picture, (top, left) in zip(covered, some, strict=True):
            picture[:, top : top + size, left : left + size] = fill
        falls = whole - class_scores(model, covered).softmax(1)[:, chosen]
        for fall, (top, left) in zip(falls.tolist(), some, strict=True):
            lost[top : top + size, left : left + size] += fall
            times[top : top + size, left : left + size] += 1
    return lost / times


def _places(length: int, size: int, stride: int) -> list[int]:
    places = list(range(0, length - size + 1, stride))
    return places if places[-1] == length - size else [*places, length - size]
