"""An exponential moving average of a network's weights, and the swap that lets it be used."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class WeightAverage:
    """Follows ``model``'s parameters and buffers: ``average += (1 - decay) * (weights - average)`` a step.

    ``decay`` 0 keeps no average; then every method does nothing. While *shown*, the model
    holds the average and the trained weights are kept aside.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.model, self.decay = model, decay
        self.aside: dict[str, Tensor] = {}
        self.state: dict[str, Tensor] = {}
        if decay:
            self.load({name: tensor.detach().clone() for name, tensor in model.state_dict().items()})

    def load(self, state: dict[str, Tensor]) -> None:
        """Take ``state`` for the average so far."""
        self.state = state
        # state_dict() hands out the tensors that training updates in place: gather them once.
        own = self.model.state_dict()
        self._floats = [name for name in state if own[name].is_floating_point()]
        self._others = [name for name in state if not own[name].is_floating_point()]
        self._sources = [own[name].detach() for name in self._floats]
        self._targets = [state[name] for name in self._floats]
        self._counters = [(state[name], own[name]) for name in self._others]

    @torch.no_grad()
    def update(self) -> None:
        """One step of the average."""
        if not self.decay:
            return
        torch._foreach_lerp_(self._targets, self._sources, 1 - self.decay)
        for target, source in self._counters:  # batch norm counts its batches
            target.copy_(source)

    def show(self) -> None:
        """Put the average into the model."""
        if self.decay and not self.aside:
            self.aside = {name: tensor.detach().clone() for name, tensor in self.model.state_dict().items()}
            self.model.load_state_dict(self.state)

    def hide(self) -> None:
        """Put the trained weights back."""
        if self.aside:
            self.model.load_state_dict(self.aside)
            self.aside = {}

    def trained_state(self) -> dict[str, Tensor]:
        """The trained weights, shown or not."""
        return self.aside or self.model.state_dict()
