"""A recipe: everything that decides a training run but the model and the data, in one frozen record."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop")
SCHEDULES = ("constant", "steps", "plateau", "cosine", "triangle")
PRECISIONS = ("float32", "bfloat16", "float16")
_RIGHT = {
    "int": "a whole number",
    "float": "a number",
    "bool": "True or False",
    "tuple[float, ...]": "numbers in a tuple",
}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained.

    Args:
        epochs: passes over the training set.
        batch_size: images a step.
        optimizer: ``"sgd"``, ``"adam"``, ``"adamw"`` or ``"rmsprop"``.
        lr: the highest learning rate of the schedule.
        schedule: ``"constant"``; ``"steps"``: times ``factor`` at each of ``milestones``
            (epochs); ``"plateau"``: times ``factor`` when the validation loss has not
            improved for ``patience`` epochs; ``"cosine"``: half a cosine down to 0;
            ``"triangle"``: straight up during ``warmup``, straight down to 0.
        warmup: epochs (a fraction is fine) over which the rate first rises from 0.
        momentum, nesterov: of SGD.
        weight_decay: of all parameters, or of weight matrices and kernels only
            (``decay_vectors=False``: biases and normalisation are left alone).
        label_smoothing: in [0, 1).
        precision: ``"float32"``, ``"bfloat16"`` (autocast) or ``"float16"`` (autocast with a
            loss scaler).
        channels_last: the memory layout that convolutions prefer on many devices.
        compile: let ``torch.compile`` fuse the network; its warm-up is not counted.
        ema: decay of an exponential moving average of the weights, which is then what is
            validated; 0 keeps none. Averaged once a step.
        clip: largest norm of the whole gradient; 0 does not clip.
        seed: of the order of images, augmentation and dropout. (The initial weights are the
            model's: seed before creating it.)
        note: where the recipe comes from.

    Raises:
        TypeError: a value of another type than its field's, naming it. (A whole number will do for a
            fraction, and numpy's numbers for Python's.)
        ValueError: a value outside its range, naming the field.
    """

    epochs: int
    batch_size: int
    lr: float
    optimizer: Literal["sgd", "adam", "adamw", "rmsprop"] = "sgd"
    schedule: Literal["constant", "steps", "plateau", "cosine", "triangle"] = "constant"
    warmup: float = 0.0
    milestones: tuple[float, ...] = ()
    factor: float = 0.1
    patience: int = 5
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0
    decay_vectors: bool = True
    label_smoothing: float = 0.0
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    channels_last: bool = False
    compile: bool = False
    ema: float = 0.0
    clip: float = 0.0
    seed: int = 0
    note: str = field(default="", compare=False)

    def __post_init__(self):
        def need(condition: bool, name: str, right: str) -> None:
            if not condition:
                raise ValueError(f"{name} is {getattr(self, name)!r}: expected {right}")

        for each in dataclasses.fields(self):
            object.__setattr__(self, each.name, _plain(each.name, getattr(self, each.name), each.type))
        need(self.epochs >= 1, "epochs", "at least 1")
        need(self.batch_size >= 1, "batch_size", "at least 1")
        need(math.isfinite(self.lr) and self.lr > 0, "lr", "a positive number")
        need(self.optimizer in OPTIMIZERS, "optimizer", f"one of {', '.join(OPTIMIZERS)}")
        need(self.schedule in SCHEDULES, "schedule", f"one of {', '.join(SCHEDULES)}")
        need(self.precision in PRECISIONS, "precision", f"one of {', '.join(PRECISIONS)}")
        need(0 <= self.warmup <= self.epochs, "warmup", f"between 0 and the {self.epochs} epochs")
        need(0 <= self.momentum < 1, "momentum", "at least 0 and below 1")
        need(self.weight_decay >= 0, "weight_decay", "0 or more")
        need(0 <= self.label_smoothing < 1, "label_smoothing", "at least 0 and below 1")
        need(0 <= self.ema < 1, "ema", "at least 0 and below 1")
        need(self.clip >= 0, "clip", "0 or more")
        need(0 < self.factor <= 1, "factor", "above 0 and at most 1")
        need(
            self.schedule != "steps" or bool(self.milestones), "milestones", "epochs at which the rate falls"
        )

    def replace(self, **changes) -> Recipe:
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict:
        """Plain data, for JSON; ``Recipe(**recipe.to_dict())`` is the same recipe."""
        return dataclasses.asdict(self)

    def rate(self, epoch: float) -> float:
        """The learning rate when ``epoch`` epochs (a fraction counts) are done.

        For ``"plateau"`` this is the warm-up alone: what falls afterwards depends on the run.
        """
        if epoch < self.warmup:
            return self.lr * epoch / self.warmup
        progress = (epoch - self.warmup) / max(self.epochs - self.warmup, 1e-9)
        match self.schedule:
            case "steps":
                return self.lr * self.factor ** sum(epoch >= m for m in self.milestones)
            case "cosine":
                return self.lr * (1 + math.cos(math.pi * min(progress, 1))) / 2
            case "triangle":
                return self.lr * max(0.0, 1 - progress)
            case _:
                return self.lr


def _plain(name: str, value: Any, kind: str) -> Any:
    """``value`` as Python's own number, text or tuple, which is what JSON keeps; ``kind``: the annotation."""
    if kind in ("int", "float") and isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    if kind == "float" and isinstance(value, numbers.Real) and not isinstance(value, bool):
        return float(value)
    if kind == "bool" and isinstance(value, bool | np.bool_):
        return bool(value)
    if kind.startswith("tuple") and isinstance(value, Sequence | np.ndarray) and not isinstance(value, str):
        return tuple(_plain(name, each, "float") for each in value)
    if kind not in _RIGHT and isinstance(value, str):
        return value
    raise TypeError(f"{name} is {value!r}: expected {_RIGHT.get(kind, 'a string')}")


RECIPES: dict[str, Recipe] = {
    "alexnet": Recipe(
        epochs=90,
        batch_size=128,
        lr=0.01,
        schedule="plateau",
        factor=0.1,
        momentum=0.9,
        weight_decay=5e-4,
        note="Krizhevsky, Sutskever, Hinton 2012, section 5; the rate fell three times, by hand.",
    ),
    "vgg": Recipe(
        epochs=74,
        batch_size=256,
        lr=0.01,
        schedule="plateau",
        factor=0.1,
        momentum=0.9,
        weight_decay=5e-4,
        note="Simonyan, Zisserman 2015, section 3.1.",
    ),
    "resnet": Recipe(
        epochs=120,
        batch_size=256,
        lr=0.1,
        schedule="plateau",
        factor=0.1,
        momentum=0.9,
        weight_decay=1e-4,
        note="He, Zhang, Ren, Sun 2016, section 3.4: 600,000 steps of 256, about 120 epochs of ImageNet.",
    ),
    "resnet-cifar": Recipe(
        epochs=164,
        batch_size=128,
        lr=0.1,
        schedule="steps",
        milestones=(82, 123),
        momentum=0.9,
        weight_decay=1e-4,
        note="He, Zhang, Ren, Sun 2016, section 4.2: 64,000 steps of 128, falls at 32,000 and 48,000.",
    ),
    "fashion-mnist": Recipe(
        epochs=8,
        batch_size=64,
        lr=0.1,
        schedule="triangle",
        warmup=2,
        nesterov=True,
        weight_decay=5e-4,
        decay_vectors=False,
        label_smoothing=0.1,
        precision="bfloat16",
        channels_last=True,
        ema=0.99,
        note="For two CPU cores and the 10,000 embedded images.",
    ),
}
