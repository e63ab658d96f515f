"""From a recipe to an optimizer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from course_utils.training.recipe import Recipe

Groups = Iterable[nn.Parameter] | list[dict[str, Any]]


def parameter_groups(model: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """The trainable parameters, those that decay apart from those that do not."""
    trainable = [p for p in model.parameters() if p.requires_grad]
    if not trainable:
        raise ValueError("model has no trainable parameter: unfreeze something before training")
    if recipe.decay_vectors:
        return [{"params": trainable}]
    groups = [
        {"params": [p for p in trainable if p.ndim > 1]},
        {"params": [p for p in trainable if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def make_optimizer(groups: list[dict[str, Any]], recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimizer over ``groups``.

    A group may carry ``lr_scale``: its learning rate is that many times the schedule's.
    Uses torch's fused implementation where all parameters' devices have one.
    """
    for group in groups:
        group.setdefault("lr_scale", 1.0)
    common = {"lr": recipe.lr, "weight_decay": recipe.weight_decay}
    if recipe.optimizer == "rmsprop":
        return torch.optim.RMSprop(groups, momentum=recipe.momentum, **common)
    fused = all(p.device.type in ("cuda", "cpu", "mps") for group in groups for p in group["params"])
    match recipe.optimizer:
        case "sgd":
            nesterov = recipe.nesterov and recipe.momentum > 0
            return torch.optim.SGD(groups, momentum=recipe.momentum, nesterov=nesterov, fused=fused, **common)
        case "adam":
            return torch.optim.Adam(groups, fused=fused, **common)
        case _:
            return torch.optim.AdamW(groups, fused=fused, **common)


class Plateau:
    """Multiplies by ``factor`` each time the validation loss has not improved for ``patience`` epochs."""

    def __init__(self, recipe: Recipe):
        self.recipe = recipe
        self.state = {"best": float("inf"), "waited": 0, "multiplier": 1.0}

    def see(self, loss: float | None) -> None:
        """Take one epoch's validation loss into account."""
        if self.recipe.schedule != "plateau":
            return
        if loss is None:
            raise ValueError("schedule 'plateau' follows the validation loss: give a validation set")
        if loss < self.state["best"]:
            self.state.update(best=loss, waited=0)
            return
        self.state["waited"] += 1
        if self.state["waited"] >= self.recipe.patience:
            self.state.update(multiplier=self.state["multiplier"] * self.recipe.factor, waited=0)
