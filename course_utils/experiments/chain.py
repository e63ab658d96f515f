"""A plain chain of layers with everything open to choice: what experiments about one ingredient vary."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from course_utils.models.squeeze_excite import SqueezeExcite

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


def chain(
    num_classes: int = 10,
    *,
    in_channels: int = 1,
    side: int = 28,
    widths: Sequence[int] = (16, 32, 64),
    depth: int = 2,
    kernel: int = 3,
    activation: str = "relu",
    norm: bool = True,
    stem: bool = False,
    reduction: int = 0,
) -> nn.Sequential:
    """Stages of ``depth`` convolutions that keep the size, pooling between them, an average, a linear layer.

    Weights start as He et al. (ReLU) or Glorot and Bengio (sigmoid, tanh) drew them, biases at 0, so that no
    activation suffers from the other's initialisation.

    Args:
        side: of the square input, in pixels; only noted as ``input_size``.
        widths: channels of each stage.
        depth: convolutions a stage.
        kernel: odd.
        activation: ``"relu"``, ``"sigmoid"`` or ``"tanh"``.
        norm: batch normalisation between convolution and activation.
        reduction: where it is not 0, squeeze-and-excitation with this ratio follows every activation.
        stem: one more convolution in front, 3x3, so that every stage of equal widths maps C channels to C.

    Raises:
        ValueError: an even kernel, or an unknown activation.
    """
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(f"kernel is {kernel}: expected an odd number, which padding can keep in the middle")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation is {activation!r}: expected one of {', '.join(ACTIVATIONS)}")
    layers: list[nn.Module] = []
    channels = in_channels

    def convolution(width: int, kernel: int) -> None:
        nonlocal channels
        layers.append(nn.Conv2d(channels, width, kernel, padding=kernel // 2, bias=not norm))
        if norm:
            layers.append(nn.BatchNorm2d(width))
        layers.append(ACTIVATIONS[activation]())
        if reduction:
            layers.append(SqueezeExcite(width, reduction))
        channels = width

    if stem:
        convolution(widths[0], 3)
    for stage, width in enumerate(widths):
        if stage:
            layers.append(nn.MaxPool2d(2))
        for _ in range(depth):
            convolution(width, kernel)
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, num_classes)]
    model = nn.Sequential(*layers)
    for layer in model:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            if activation == "relu":
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            else:
                nn.init.xavier_normal_(layer.weight, nn.init.calculate_gain(activation))
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    model.input_size = (in_channels, side, side)
    return model
