"""A model and its inputs as shapes without data."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn


def meta_copy(model: nn.Module) -> nn.Module:
    """A copy of the structure with shapes for weights: ``deepcopy`` is told what each tensor becomes."""
    memo: dict[int, Any] = {}

    def shape_of(tensor: torch.Tensor) -> torch.Tensor:
        if nn.parameter.is_lazy(tensor):
            kind = type(tensor)
            return kind(requires_grad=tensor.requires_grad, device="meta", dtype=tensor.dtype)
        empty = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
        if isinstance(tensor, nn.Parameter):
            return nn.Parameter(empty, requires_grad=tensor.requires_grad)
        return empty.requires_grad_(tensor.requires_grad)

    for module in model.modules():
        for value in (*module._parameters.values(), *module._buffers.values(), *vars(module).values()):
            if isinstance(value, torch.Tensor) and id(value) not in memo:
                memo[id(value)] = shape_of(value)
    try:
        return copy.deepcopy(model, memo)
    except Exception as error:
        raise TypeError(
            f"{type(model).__name__} cannot be copied, so it cannot be accounted for: {error}"
        ) from error


def float_dtype(model: nn.Module) -> torch.dtype:
    return next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.get_default_dtype())


def meta_inputs(input_size: Any, batch: int, dtype: torch.dtype) -> list[torch.Tensor]:
    def is_size(value: Any) -> bool:
        return (
            isinstance(value, Sequence) and not isinstance(value, str) and all(type(n) is int for n in value)
        )

    single = isinstance(input_size, torch.Tensor) or (is_size(input_size) and len(input_size) > 0)
    if not single and (isinstance(input_size, str) or not isinstance(input_size, Sequence) or not input_size):
        raise ValueError(f"input_size must be (C, H, W), or a list of such sizes, got {input_size!r}")
    inputs = []
    for size in [input_size] if single else input_size:
        if isinstance(size, torch.Tensor):
            inputs.append(torch.empty_like(size, device="meta"))
        elif is_size(size) and size and min(size) >= 1:
            inputs.append(torch.empty(batch, *size, dtype=dtype, device="meta"))
        else:
            raise ValueError(
                f"input_size must hold whole numbers of at least 1, as in (3, 224, 224), got {size!r}"
            )
    return inputs
