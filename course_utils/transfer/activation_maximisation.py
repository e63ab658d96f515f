"""Activation maximisation: the input that a unit likes best."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from course_utils.training.devices import device_of
from course_utils.transfer.features import find_layer
from course_utils.transfer.scores import class_scores


@torch.enable_grad()
def activation_maximisation(
    model: nn.Module,
    unit: int,
    layer: str | None = None,
    *,
    input_size: tuple[int, int, int] | None = None,
    steps: int = 128,
    rate: float = 1.0,
    decay: float = 0.01,
    shift: int = 2,
    start: float = 0.01,
    seed: int = 0,
) -> tuple[Tensor, list[float]]:
    """Climb the gradient of one unit's activation, from noise, over the pixels.

    Steps of a fixed length along the gradient; in between the image shrinks a little (``decay``: Simonyan et
    al., arXiv:1312.6034) and moves by a few pixels (``shift``), which keeps single pixels from speaking for
    the whole.

    Args:
        model: a network; evaluated, its mode, weights and gradients untouched.
        unit: a class, or with ``layer`` a channel of it, whose mean over positions then climbs.
        layer: path or stage; by default the logits.
        input_size: (C, H, W); by default the network's own.
        steps: steps of the climb.
        rate: length (Euclidean norm) of a step in the normalised image.
        decay: share of the image lost each step; at least 0, below 1.
        shift: most pixels it moves by, each way, each step.
        start: standard deviation of the noise it starts from.
        seed: of the noise and the shifts.

    Returns:
        The image, float (C, H, W), as the network sees it: normalised; and the activation before each step.

    Raises:
        ValueError: no such layer or unit, a layer that does not run, an unknown input size, numbers out of
            range, or a unit that does not react at all (its gradient is zero: a dead ReLU).
    """
    size = input_size or getattr(model, "input_size", None)
    if size is None:
        raise ValueError("input_size is missing: this network does not say which (C, H, W) it was made for")
    if steps < 1 or not rate > 0 or not 0 <= decay < 1 or shift < 0 or not start > 0:
        raise ValueError(
            f"steps {steps}, rate {rate}, decay {decay}, shift {shift}, start {start}: expected steps of at "
            "least 1, rate and start above 0, decay from 0 to below 1 and shift of at least 0"
        )
    generator = torch.Generator().manual_seed(seed)
    device = device_of(model)
    image = (start * torch.randn(1, *size, generator=generator)).to(device)
    climbed = []
    for _ in range(steps):
        moves = torch.randint(-shift, shift + 1, (2,), generator=generator).tolist()
        moved = image.roll(moves, (2, 3)).requires_grad_()
        activation = _activation(model, moved, unit, layer)
        (gradient,) = torch.autograd.grad(activation, moved)
        length = gradient.norm()
        if length == 0:
            raise ValueError(
                f"unit {unit} of {layer or 'the logits'} does not react to the image: it is dead there"
            )
        climbed.append(activation.item())
        step = (rate / length * gradient).roll([-m for m in moves], (2, 3))
        image = (1 - decay) * image + step
    return image[0], climbed


def _activation(model: nn.Module, image: Tensor, unit: int, layer: str | None) -> Tensor:
    held: list[Tensor] = []

    def hold(module, args, output):
        held.append(output.clone())  # an in-place layer behind must not change it

    handle = None if layer is None else find_layer(model, layer).register_forward_hook(hold)
    try:
        logits = class_scores(model, image)
    finally:
        if handle is not None:
            handle.remove()
    if layer is not None and not held:
        raise ValueError(f"layer {layer!r} does not run when the network is evaluated")
    value = logits if layer is None else held[0]
    if not 0 <= unit < value.shape[1]:
        raise ValueError(f"unit is {unit}: expected 0 to {value.shape[1] - 1} in {layer or 'the logits'}")
    return value[0, unit].mean()
