"""The first layer's filters as one picture."""

from __future__ import annotations

import math

import numpy as np
from torch import nn


def first_filters(model: nn.Module) -> np.ndarray:
    """The first convolution's weights, float (C_out, C_in, K_h, K_w).

    Raises:
        ValueError: there is no convolution.
    """
    first = next((m for m in model.modules() if isinstance(m, nn.Conv2d)), None)
    if first is None:
        raise ValueError("this network has no convolution: there are no filters to look at")
    return first.weight.detach().float().cpu().numpy().copy()


def filter_grid(filters: np.ndarray, *, columns: int | None = None, gap: int = 1) -> np.ndarray:
    """Filters side by side in one picture: grey is 0, each filter scaled to its own largest weight.

    Args:
        filters: (N, C, K_h, K_w) with C of 1 (grey) or 3 (shown as red, green, blue).
        columns: filters a row; by default as square as possible.
        gap: white pixels between filters.

    Returns:
        Float in 0..1, (H, W, C) for C of 3, else (H, W), as ``imshow`` takes it. One pixel a weight.

    Raises:
        ValueError: another shape, or no filter.
    """
    filters = np.asarray(filters, float)
    if filters.ndim != 4 or filters.shape[1] not in (1, 3) or not len(filters):
        raise ValueError(f"filters have shape {filters.shape}: expected (N, 1 or 3, K_h, K_w), N at least 1")
    number, channels, height, width = filters.shape
    columns = math.ceil(math.sqrt(number)) if columns is None else columns
    if columns < 1 or gap < 0:
        raise ValueError(f"columns is {columns}, gap {gap}: expected at least 1 and 0")
    columns = min(columns, number)
    rows = -(-number // columns)
    picture = np.ones((rows * (height + gap) - gap, columns * (width + gap) - gap, channels))
    for i, weights in enumerate(filters):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        largest = np.abs(weights).max() or 1.0
        picture[top : top + height, left : left + width] = 0.5 + weights.transpose(1, 2, 0) / (2 * largest)
    return picture[..., 0] if channels == 1 else picture
