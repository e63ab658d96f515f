"""DenseNet: every layer sees the maps of all layers before it in its block."""

import torch
from torch import Tensor, nn

from .network import Network, named
from .registry import Error, register


class DenseLayer(nn.Module):
    """Add `growth` maps to those there are: 1x1 down to 4 x growth, then 3x3, normalised before each."""

    def __init__(self, in_channels: int, growth: int):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, 4 * growth, kernel_size=1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, kernel_size=3, padding=1, bias=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:  #               N x in_channels x H x W
        new = self.conv1(self.relu(self.norm1(x)))  #        N x 4 growth x H x W
        new = self.conv2(self.relu(self.norm2(new)))  #      N x growth x H x W
        return torch.cat([x, new], dim=1)  #                 N x (in_channels + growth) x H x W


def dense_block(depth: int, in_channels: int, growth: int) -> nn.Sequential:
    """`depth` dense layers in a row, from `in_channels` to ``in_channels + depth * growth`` maps."""
    layers = {f"denselayer{i + 1}": DenseLayer(in_channels + i * growth, growth) for i in range(depth)}
    return named(**layers)


def transition(in_channels: int, out_channels: int) -> nn.Sequential:
    """Between blocks: fewer channels (the "C" of DenseNet-BC), half the height and width."""
    return named(
        norm=nn.BatchNorm2d(in_channels),
        relu=nn.ReLU(inplace=True),
        conv=nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False),
        pool=nn.AvgPool2d(kernel_size=2, stride=2),
    )


def dense_blocks(depths: list[int], channels: int, growth: int) -> tuple[dict[str, nn.Module], int]:
    """Blocks of `depths` layers and the transitions between them, by name; and the channels at the end."""
    layers = {}
    for i, depth in enumerate(depths, start=1):
        layers[f"denseblock{i}"] = dense_block(depth, channels, growth)
        channels += depth * growth
        if i < len(depths):
            layers[f"transition{i}"] = transition(channels, channels // 2)
            channels //= 2
    return layers, channels


def densenet_initialisation(model: nn.Module) -> None:
    """He's normal distribution for convolutions, zero biases for linear layers."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
        elif isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)


class DenseNet(Network):
    """DenseNet-BC for ImageNet: a stem, four dense blocks with transitions between them, one linear layer.

    Published: table 1 has the layers, table 3 single-crop errors (and 10-crop ones); parameters and
    multiply-adds only as a plot (figure 3).

    What later code changed: nothing in the arithmetic. torchvision shares its names with this code and its
    checkpoints load; the files on its server still say ``norm.1`` where the layers are called ``norm1``.

    Args:
        depths: dense layers in each of the four blocks.
        growth: maps that each layer adds.
        stem: maps of the first convolution, twice the growth.
    """

    def __init__(self, depths: list[int], growth: int, stem: int, num_classes: int, in_channels: int):
        super().__init__()
        blocks, channels = dense_blocks(depths, stem, growth)
        self.features = named(  #                                                    N x 3 x 224 x 224
            conv0=nn.Conv2d(in_channels, stem, 7, stride=2, padding=3, bias=False),  # N x stem x 112 x 112
            norm0=nn.BatchNorm2d(stem),
            relu0=nn.ReLU(inplace=True),
            pool0=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),  #               N x stem x 56 x 56
            **blocks,  # maps of 56, 28, 14 and 7 on a side
            norm5=nn.BatchNorm2d(channels),  #                                       N x channels x 7 x 7
        )
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, num_classes)
        densenet_initialisation(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.relu(self.features(x)))  # N x channels x 1 x 1
        return self.classifier(x.flatten(1))  #          N x num_classes


class CifarDenseNet(Network):
    """DenseNet-BC for CIFAR: a 3x3 convolution, three dense blocks of `depth` layers, one linear layer.

    Published (table 2): with 100 layers (16 dense ones a block) and a growth of 12, 0.8 million parameters;
    error on CIFAR-10 4.51 % (5.92 % without shifts and flips), on CIFAR-100 22.27 % (24.15 %).
    """

    def __init__(self, depth: int, growth: int, num_classes: int, in_channels: int):
        super().__init__()
        stem = 2 * growth
        blocks, channels = dense_blocks([depth] * 3, stem, growth)
        self.features = named(  #                                                    N x 3 x 32 x 32
            conv0=nn.Conv2d(in_channels, stem, 3, padding=1, bias=False),  #         N x stem x 32 x 32
            **blocks,  # maps of 32, 16 and 8 on a side
            norm4=nn.BatchNorm2d(channels),  #                                       N x channels x 8 x 8
        )
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, num_classes)
        densenet_initialisation(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.relu(self.features(x)))  # N x channels x 1 x 1
        return self.classifier(x.flatten(1))  #          N x num_classes


_DENSENET = {
    "input_size": (3, 224, 224),
    "num_classes": 1000,
    "paper": "Huang et al. 2016, Densely Connected Convolutional Networks, arXiv:1608.06993",
}


def _error(top1: float, top5: float) -> Error:
    return Error("ImageNet validation", top1, top5, how="1 crop", source="table 3")


@register(**_DENSENET, parameters=7_978_856, macs=2_834_161_664, error=_error(25.02, 7.71))
def densenet121(num_classes: int, in_channels: int) -> DenseNet:
    return DenseNet([6, 12, 24, 16], 32, 64, num_classes, in_channels)


@register(**_DENSENET, parameters=14_149_480, macs=3_359_843_328, error=_error(23.80, 6.85))
def densenet169(num_classes: int, in_channels: int) -> DenseNet:
    return DenseNet([6, 12, 32, 32], 32, 64, num_classes, in_channels)


@register(**_DENSENET, parameters=20_013_928, macs=4_291_365_888, error=_error(22.58, 6.34))
def densenet201(num_classes: int, in_channels: int) -> DenseNet:
    return DenseNet([6, 12, 48, 32], 32, 64, num_classes, in_channels)


@register(**_DENSENET, parameters=28_681_000, macs=7_727_907_072)
def densenet161(num_classes: int, in_channels: int) -> DenseNet:
    return DenseNet([6, 12, 36, 24], 48, 96, num_classes, in_channels)


@register(
    **_DENSENET | {"input_size": (3, 32, 32), "num_classes": 10},
    parameters=769_162,
    macs=287_929_692,
    error=Error("CIFAR-10", 4.51, how="shifts and flips", source="table 2"),
)
def densenet_bc_100_12(num_classes: int, in_channels: int) -> CifarDenseNet:
    return CifarDenseNet(16, 12, num_classes, in_channels)
