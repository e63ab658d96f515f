"""The thin residual networks of 6n + 2 layers for CIFAR-10, and their plain twins."""

from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from .network import Network
from .registry import Error, register
from .resnet import conv3x3, he_initialisation, projection, stage
from .stochastic_depth import linear_decay, stochastic_depth


class PadShortcut(nn.Module):
    """Option A, a shortcut without parameters: keep every second row and column, append channels of zeros."""

    def __init__(self, new_channels: int):
        super().__init__()
        self.new_channels = new_channels

    def forward(self, x: Tensor) -> Tensor:  #                     N x C x H x W
        x = x[:, :, ::2, ::2]  #                                   N x C x H/2 x W/2
        return F.pad(x, (0, 0, 0, 0, 0, self.new_channels))  #     N x (C + new_channels) x H/2 x W/2


class CifarBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut: zero padding ("A"), projection ("B") or none (plain)."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, shortcut: str | None):
        super().__init__()
        self.conv1 = conv3x3(in_channels, out_channels, stride)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = conv3x3(out_channels, out_channels)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.residual = shortcut is not None
        self.survival = 1.0  # below 1: stochastic depth
        if in_channels == out_channels:
            self.downsample = nn.Identity()
        elif shortcut == "A":
            self.downsample = PadShortcut(out_channels - in_channels)
        elif shortcut == "B":
            self.downsample = projection(in_channels, out_channels, stride)

    def branch(self, x: Tensor) -> Tensor:
        """What the block adds to its input."""
        out = self.relu(self.bn1(self.conv1(x)))
        return self.bn2(self.conv2(out))

    def forward(self, x: Tensor) -> Tensor:
        if not self.residual:
            return self.relu(self.branch(x))
        residual = stochastic_depth(self.branch, x, self.survival, self.training)
        return self.relu(residual + self.downsample(x))


class CifarResNet(Network):
    """3x3 convolutions throughout: one, then three stages of n blocks with 16, 32 and 64 channels.

    Published (section 4.2, table 6): 20, 32, 44, 56, 110 and 1202 layers have 0.27, 0.46, 0.66, 0.85, 1.7 and
    19.4 million parameters and 8.75, 7.51, 7.17, 6.97, 6.43 (the best of five runs: 6.61 +- 0.16) and 7.93 %
    error on CIFAR-10. No multiply-adds were published.

    What later code changed: the paper's parameter-free shortcut A often became B (2,752 parameters more), and
    many a "ResNet-18 for CIFAR" is the ImageNet network with a small stem, forty times as large as ResNet-20.

    Args:
        depth: layers with weights, 6n + 2.
        shortcut: where the shape changes, "A" pads with zeros and "B" projects; None for a plain network.
        survival: stochastic depth. Below 1, training drops blocks at random; the last one stays with this
            probability, earlier ones with more. Huang et al. 2016 (arXiv:1603.09382) report that 0.5 takes
            the error of 110 layers from 6.41 to 5.25 % and that of 1202 layers to 4.91 %.
    """

    def __init__(
        self, depth: int, shortcut: str | None, num_classes: int, in_channels: int, survival: float = 1.0
    ):
        super().__init__()
        if shortcut not in ("A", "B", None):
            raise ValueError(f"shortcut must be 'A' (zero padding) or 'B' (projection), not {shortcut!r}")
        block = partial(CifarBlock, shortcut=shortcut)
        n = (depth - 2) // 6
        self.conv1 = conv3x3(in_channels, 16)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = stage(block, n, 16, 16, stride=1)
        self.layer2 = stage(block, n, 16, 32, stride=2)
        self.layer3 = stage(block, n, 32, 64, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(64, num_classes)
        he_initialisation(self)
        blocks = [*self.layer1, *self.layer2, *self.layer3]
        for block, probability in zip(blocks, linear_decay(len(blocks), survival), strict=True):
            block.survival = probability

    def forward(self, x: Tensor) -> Tensor:  #     N x  3 x 32 x 32
        x = self.relu(self.bn1(self.conv1(x)))  #  N x 16 x 32 x 32
        x = self.layer1(x)  #                      N x 16 x 32 x 32
        x = self.layer2(x)  #                      N x 32 x 16 x 16
        x = self.layer3(x)  #                      N x 64 x  8 x  8
        x = self.avgpool(x).flatten(1)  #          N x 64
        return self.fc(x)  #                       N x num_classes


_CIFAR = {
    "input_size": (3, 32, 32),
    "num_classes": 10,
    "paper": "He, Zhang, Ren, Sun 2015, Deep Residual Learning for Image Recognition, arXiv:1512.03385",
}


def _cifar10(top1: float) -> Error:
    return Error("CIFAR-10", top1, how="shifts and flips", source="table 6")


@register(**_CIFAR, parameters=269_722, macs=40_551_040, error=_cifar10(8.75))
def resnet20(
    num_classes: int, in_channels: int, *, shortcut: str = "A", survival: float = 1.0
) -> CifarResNet:
    return CifarResNet(20, shortcut, num_classes, in_channels, survival)


@register(**_CIFAR, parameters=464_154, macs=68_862_592, error=_cifar10(7.51))
def resnet32(
    num_classes: int, in_channels: int, *, shortcut: str = "A", survival: float = 1.0
) -> CifarResNet:
    return CifarResNet(32, shortcut, num_classes, in_channels, survival)


@register(**_CIFAR, parameters=658_586, macs=97_174_144, error=_cifar10(7.17))
def resnet44(
    num_classes: int, in_channels: int, *, shortcut: str = "A", survival: float = 1.0
) -> CifarResNet:
    return CifarResNet(44, shortcut, num_classes, in_channels, survival)


@register(**_CIFAR, parameters=853_018, macs=125_485_696, error=_cifar10(6.97))
def resnet56(
    num_classes: int, in_channels: int, *, shortcut: str = "A", survival: float = 1.0
) -> CifarResNet:
    return CifarResNet(56, shortcut, num_classes, in_channels, survival)


@register(**_CIFAR, parameters=1_727_962, macs=252_887_680, error=_cifar10(6.43))
def resnet110(
    num_classes: int, in_channels: int, *, shortcut: str = "A", survival: float = 1.0
) -> CifarResNet:
    return CifarResNet(110, shortcut, num_classes, in_channels, survival)


@register(**_CIFAR, parameters=19_421_274, macs=2_829_238_912, error=_cifar10(7.93))
def resnet1202(
    num_classes: int, in_channels: int, *, shortcut: str = "A", survival: float = 1.0
) -> CifarResNet:
    return CifarResNet(1202, shortcut, num_classes, in_channels, survival)


@register(
    **_CIFAR, parameters=269_722, macs=40_551_040
)  # the paper shows the plain networks' errors as curves only
def plain20(num_classes: int, in_channels: int) -> CifarResNet:
    return CifarResNet(20, None, num_classes, in_channels)


@register(**_CIFAR, parameters=853_018, macs=125_485_696)
def plain56(num_classes: int, in_channels: int) -> CifarResNet:
    return CifarResNet(56, None, num_classes, in_channels)
