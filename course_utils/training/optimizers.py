"""From a recipe to an optimizer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.training.checkpoint import CheckpointError
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
    groups = [{"lr_scale": 1.0, **group, "params": _listed(group["params"])} for group in groups]
    common = {"lr": recipe.lr, "weight_decay": recipe.weight_decay}
    if recipe.optimizer == "rmsprop":
        return torch.optim.RMSprop(groups, momentum=recipe.momentum, **common)
    fused = all(p.device.type in ("cuda", "cpu", "mps") for group in groups for p in group["params"])
    match recipe.optimizer:
        case "sgd":
            nesterov = recipe.nesterov and recipe.momentum > 0
            sgd = torch.optim.SGD(groups, momentum=recipe.momentum, nesterov=nesterov, fused=fused, **common)
            if recipe.momentum > 0:
                _start_momentum(sgd)
            return sgd
        case "adam":
            return torch.optim.Adam(groups, fused=fused, **common)
        case _:
            return torch.optim.AdamW(groups, fused=fused, **common)


def _listed(params: nn.Parameter | Iterable[nn.Parameter]) -> list[nn.Parameter]:
    return [params] if isinstance(params, Tensor) else list(params)


def _start_momentum(sgd: torch.optim.SGD) -> None:
    """Momentum that starts at zero, which gives the same first step.

    The fused kernel would start from memory as it finds it where float16 overflows in the first step, and
    stop where a parameter has its first gradient later than others (stochastic depth).
    """
    for group in sgd.param_groups:
        for p in group["params"]:
            sgd.state[p]["momentum_buffer"] = torch.zeros_like(p)


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any], path: object) -> None:
    """Go on with the ``state`` that another optimizer of the same groups had.

    Raises:
        CheckpointError: it had other groups; ``path`` is named.
    """

    def settings(groups: list[dict[str, Any]]) -> list[tuple]:
        return [(len(g["params"]), g["lr_scale"], g["weight_decay"]) for g in groups]

    then, now = settings(state["param_groups"]), settings(optimizer.param_groups)
    if then != now:
        raise CheckpointError(
            f"{path} was made with other parameter groups (parameters, lr_scale, weight_decay: {then}, now "
            f"{now}): give a new file, or freeze and group as then"
        )
    optimizer.load_state_dict(state)
    # Files hold tensors in one order of memory, fused kernels take for granted that it is the parameter's.
    for p, own in optimizer.state.items():
        for name, value in own.items():
            if isinstance(value, Tensor) and value.ndim > 1 and value.shape == p.shape:
                own[name] = torch.empty_like(p, dtype=value.dtype).copy_(value)


class Plateau:
    """Multiplies by ``factor`` each time the validation loss has not improved for ``patience`` epochs."""

    def __init__(self, recipe: Recipe):
        self.recipe = recipe
        self.state = {"best": float("inf"), "waited": 0, "multiplier": 1.0}

    def see(self, loss: float | None) -> None:
        """Take one epoch's validation loss into account."""
        if self.recipe.schedule != "plateau":
            return
        if loss < self.state["best"]:
            self.state.update(best=loss, waited=0)
            return
        self.state["waited"] += 1
        if self.state["waited"] >= self.recipe.patience:
            self.state.update(multiplier=self.state["multiplier"] * self.recipe.factor, waited=0)
