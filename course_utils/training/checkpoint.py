"""Checkpoints: one safetensors file, tensors plus a JSON header, never half-written.

A save goes to a temporary file beside the target, is flushed to the disk, and only then
takes the target's name; what had the name before becomes ``<name>.previous``. So at any
instant, a power cut included, at least one of the two is whole. A checksum over all
that it holds lies in the file: one cut or altered in the middle is refused, and the
previous one is used; a later save does not take its place.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import random
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

FORMAT = "2"


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be used; the message says why and what to do."""


@dataclasses.dataclass
class Checkpoint:
    """All that a run needs to go on as if it had never stopped.

    ``model`` and ``ema`` are state dicts (``ema`` empty where none is kept); ``optimizer``
    an optimizer's ``state_dict()``; ``rng`` what :func:`rng_state` returns; ``header`` plain
    data: recipe, epoch, rows, schedule, scaler, versions.
    """

    model: dict[str, Tensor]
    ema: dict[str, Tensor]
    optimizer: dict[str, Any]
    rng: dict[str, Any]
    header: dict[str, Any]


def rng_state() -> dict[str, Any]:
    """The state of Python's, numpy's and torch's global random numbers (CUDA's too)."""
    name, keys, position, has_gauss, gauss = np.random.get_state()  # noqa: NPY002 (whoever uses it)
    state = {
        "python": json.loads(json.dumps(random.getstate())),
        "numpy": [name, [int(key) for key in keys], int(position), int(has_gauss), float(gauss)],
        "torch": torch.get_rng_state(),
    }
    for number, cuda in enumerate(torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []):
        state[f"cuda{number}"] = cuda
    return state


def set_rng_state(state: Mapping[str, Any]) -> None:
    """Put back what :func:`rng_state` returned; devices that are not there are left alone."""
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    np.random.set_state(tuple(state["numpy"]))  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        if f"cuda{number}" in state:
            torch.cuda.set_rng_state(state[f"cuda{number}"], number)


def save_checkpoint(path: str | Path, checkpoint: Checkpoint) -> None:
    """Write ``checkpoint`` to ``path``, whole or not at all.

    Raises:
        CheckpointError: the folder cannot be written to or the disk is full; what was
            there before can still be loaded.
    """
    path = Path(path)
    tensors, layout = _flatten(checkpoint)
    tensors = {name: tensor.detach().to("cpu").contiguous().clone() for name, tensor in tensors.items()}
    header = json.dumps({"layout": layout, **checkpoint.header})
    metadata = {"format": FORMAT, "checksum": _checksum(header, tensors), "course": header}
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
        save_file(tensors, temporary, metadata=metadata)
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        if path.exists() and _is_whole(path):
            os.replace(path, previous(path))
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"the checkpoint {path} could not be written ({error}); what was saved before is still there. "
            "Free some space or choose another folder."
        ) from error
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint; if the file is damaged or missing, the one saved before it, with a warning.

    Raises:
        FileNotFoundError: there is neither.
        CheckpointError: neither can be used.
    """
    path = Path(path)
    try:
        return _read(path)
    except (CheckpointError, FileNotFoundError) as error:
        if not previous(path).exists():
            if isinstance(error, FileNotFoundError):
                raise FileNotFoundError(f"there is no checkpoint {path}") from None
            raise
        older = _read(previous(path))
        warnings.warn(f"{error}; using the one saved before it, {previous(path)}", stacklevel=2)
        return older


def previous(path: Path) -> Path:
    """Where the checkpoint before the one at ``path`` is kept."""
    return path.with_name(path.name + ".previous")


def exists(path: str | Path) -> bool:
    """Whether there is anything at ``path`` to resume from."""
    return Path(path).exists() or previous(Path(path)).exists()


def load_into(model: torch.nn.Module, state: Mapping[str, Tensor], path: object = "the checkpoint") -> None:
    """Copy ``state`` into ``model``.

    Raises:
        CheckpointError: the names or shapes are another network's; the first differences are named.
    """
    own = model.state_dict()
    missing = [name for name in own if name not in state]
    unknown = [name for name in state if name not in own]
    shapes = [
        f"{name}: {tuple(state[name].shape)} for {tuple(own[name].shape)}"
        for name in own
        if name in state and state[name].shape != own[name].shape
    ]
    if missing or unknown or shapes:
        differences = (
            [f"missing {name}" for name in missing] + [f"unknown {name}" for name in unknown] + shapes
        )
        shown = "; ".join(differences[:4]) + (
            f"; and {len(differences) - 4} more" if len(differences) > 4 else ""
        )
        raise CheckpointError(f"{path} is not a checkpoint of this {type(model).__name__}: {shown}")
    model.load_state_dict(state)


def _flatten(checkpoint: Checkpoint) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors by a flat name, and the rest as JSON with a reference where each tensor was."""
    tensors: dict[str, Tensor] = {}

    def strip(value: Any, name: str) -> Any:
        if isinstance(value, Tensor):
            tensors[name] = value
            return {"tensor": name}
        if isinstance(value, Mapping):
            return {"items": [[key, strip(item, f"{name}.{key}")] for key, item in value.items()]}
        if isinstance(value, tuple | list):
            kind = "tuple" if isinstance(value, tuple) else "list"
            return {kind: [strip(item, f"{name}.{i}") for i, item in enumerate(value)]}
        if value is None or isinstance(value, bool | int | float | str):
            return {"value": value}
        raise TypeError(f"{name} is a {type(value).__name__}: a checkpoint holds tensors and plain data only")

    parts = ("model", "ema", "optimizer", "rng")
    return tensors, {part: strip(getattr(checkpoint, part), part) for part in parts}


def _unflatten(layout: Any, tensors: Mapping[str, Tensor]) -> Any:
    ((kind, content),) = layout.items()
    match kind:
        case "tensor":
            return tensors[content]
        case "items":
            return {key: _unflatten(item, tensors) for key, item in content}
        case "tuple":
            return tuple(_unflatten(item, tensors) for item in content)
        case "list":
            return [_unflatten(item, tensors) for item in content]
        case _:
            return content


def _checksum(header: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(header.encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _read(path: Path) -> Checkpoint:
    if not path.exists():
        raise FileNotFoundError(f"there is no checkpoint {path}")
    damaged = f"the checkpoint {path} is damaged or was cut off while it was written"
    try:
        with safe_open(path, framework="pt") as opened:
            metadata = opened.metadata() or {}
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (not a dict)
    except Exception as error:  # safetensors' own, or whatever Python makes of a damaged header
        raise CheckpointError(f"{damaged} ({error})") from error
    if "course" not in metadata:
        raise CheckpointError(f"{path} holds tensors but no training state: it is not a checkpoint of `fit`")
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path} was written by another version of this course: train anew")
    if metadata.get("checksum") != _checksum(metadata["course"], tensors):
        raise CheckpointError(f"{damaged} (its checksum does not fit)")
    header = json.loads(metadata["course"])
    layout = header.pop("layout")
    return Checkpoint(header=header, **{part: _unflatten(layout[part], tensors) for part in layout})


def _is_whole(path: Path) -> bool:
    """Whether the file may take the place of the one before it. (That may be the only one that is.)"""
    try:
        _read(path)
    except CheckpointError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Make the renames themselves survive a power cut, where the system allows it."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
