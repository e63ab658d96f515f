"""Which device, and what differs between them."""

from __future__ import annotations

import contextlib

import torch

PRECISION_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def best_device() -> torch.device:
    """CUDA if there is any, then Apple's MPS, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def device_of(model: torch.nn.Module, otherwise: torch.device | str = "cpu") -> torch.device:
    """Where the model's parameters are; ``otherwise`` if it has none."""
    return next((parameter.device for parameter in model.parameters()), torch.device(otherwise))


def autocast(device: torch.device, precision: str) -> contextlib.AbstractContextManager:
    """The context in which a forward pass computes in ``precision``; nothing for float32."""
    if precision == "float32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=PRECISION_DTYPES[precision])


def move(tensor: torch.Tensor, device: torch.device, **options) -> torch.Tensor:
    """``tensor.to(device)``; to a CUDA device without waiting. (Nobody would wait for the way back.)"""
    return tensor.to(device, non_blocking=device.type == "cuda", **options)


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what it was asked: without this a GPU's times mean nothing."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def peak_memory(device: torch.device) -> int:
    """Bytes at most allocated on a CUDA device since the last reset; 0 elsewhere (not measured there)."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0


def reset_peak_memory(device: torch.device) -> None:
    """Start measuring :func:`peak_memory` anew."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
