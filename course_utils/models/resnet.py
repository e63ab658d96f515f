"""Residual networks for ImageNet, the plain networks they were compared with, Wide ResNet and ResNeXt."""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from .network import Network
from .registry import Error, register


def conv3x3(in_channels: int, out_channels: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """No bias: the batch normalisation that follows has one."""
    return nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, groups=groups, bias=False)


def conv1x1(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)


def projection(in_channels: int, out_channels: int, stride: int) -> nn.Sequential | None:
    """The shortcut where the shape changes (option B of the paper); None where the identity will do."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(conv1x1(in_channels, out_channels, stride), nn.BatchNorm2d(out_channels))


def he_initialisation(model: nn.Module) -> None:
    """Draw convolutions from a normal distribution of variance 2 / (K_h K_w C_out / groups)."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (ResNet-18 and 34); two plain layers if not `residual`."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, residual: bool = True):
        super().__init__()
        self.conv1 = conv3x3(in_channels, out_channels, stride)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = conv3x3(out_channels, out_channels)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.residual = residual
        self.downsample = projection(in_channels, out_channels, stride) if residual else None

    def forward(self, x: Tensor) -> Tensor:  #      N x in_channels  x H        x W
        out = self.relu(self.bn1(self.conv1(x)))  # N x out_channels x H/stride x W/stride
        out = self.bn2(self.conv2(out))
        if self.residual:
            out = out + (x if self.downsample is None else self.downsample(x))
        return self.relu(out)


class Bottleneck(nn.Module):
    """1x1 down to a quarter of the output's channels, 3x3 there, 1x1 back up; and a shortcut.

    `widen` makes the 3x3 wider than a quarter: Wide ResNet-50-2 has 2. ResNeXt spends the width on `groups`
    that do not see each other: 32 groups and widen 2 (32x4d) cost about as much as one group and widen 1.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int,
        widen: int = 1,
        groups: int = 1,
        stride_in_1x1: bool = False,
    ):
        super().__init__()
        width = out_channels // 4 * widen
        first, second = (stride, 1) if stride_in_1x1 else (1, stride)
        self.conv1 = conv1x1(in_channels, width, first)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv3x3(width, width, second, groups)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = conv1x1(width, out_channels)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = projection(in_channels, out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:  #        N x in_channels  x H        x W
        out = self.relu(self.bn1(self.conv1(x)))  #   N x width        x H        x W
        out = self.relu(self.bn2(self.conv2(out)))  # N x width        x H/stride x W/stride
        out = self.bn3(self.conv3(out))  #            N x out_channels x H/stride x W/stride
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


def stage(block: Callable[..., nn.Module], depth: int, in_channels: int, out_channels: int, stride: int):
    """`depth` blocks in a row; the first changes the shape."""
    later = [block(out_channels, out_channels, stride=1) for _ in range(depth - 1)]
    return nn.Sequential(block(in_channels, out_channels, stride=stride), *later)


class ResNet(Network):
    """A stem, four stages of blocks, the average over all positions, one linear layer.

    Published (table 1): 1.8, 3.6, 3.8, 7.6 and 11.3 x 10^9 multiply-adds for 18, 34, 50, 101 and 152
    layers, where a stage's stride is in the first 1x1 convolution (``stride_in_1x1=True``).

    What later code changed: Torch's and PyTorch's models moved that stride to the 3x3 ("v1.5"): 6 % more
    multiply-adds for ResNet-50 (4.1 x 10^9), half a point less error, as many parameters. ResNet-18 and 34
    use projections where the shape changes (option B) although the paper's main table has zero padding
    (option A). Layer names are torchvision's, whose checkpoints load into this code.

    Args:
        block: makes a block from (in_channels, out_channels, stride=...).
        depths: blocks in each of the four stages.
        width: channels that the first stage gives; each later one doubles them.
    """

    def __init__(
        self,
        block: Callable[..., nn.Module],
        depths: list[int],
        width: int,
        num_classes: int,
        in_channels: int,
    ):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = stage(block, depths[0], 64, width, stride=1)
        self.layer2 = stage(block, depths[1], width, 2 * width, stride=2)
        self.layer3 = stage(block, depths[2], 2 * width, 4 * width, stride=2)
        self.layer4 = stage(block, depths[3], 4 * width, 8 * width, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8 * width, num_classes)
        he_initialisation(self)

    def forward(self, x: Tensor) -> Tensor:  #     N x 3 x 224 x 224
        x = self.relu(self.bn1(self.conv1(x)))  #  N x 64 x 112 x 112
        x = self.maxpool(x)  #                     N x 64 x 56 x 56
        x = self.layer1(x)  #                      N x width x 56 x 56; width = 64 (18, 34) or 256 (50 and up)
        x = self.layer2(x)  #                      N x 2 width x 28 x 28
        x = self.layer3(x)  #                      N x 4 width x 14 x 14
        x = self.layer4(x)  #                      N x 8 width x 7 x 7
        x = self.avgpool(x).flatten(1)  #          N x 8 width
        return self.fc(x)  #                       N x num_classes


_RESNET = {
    "input_size": (3, 224, 224),
    "num_classes": 1000,
    "paper": "He, Zhang, Ren, Sun 2015, Deep Residual Learning for Image Recognition, arXiv:1512.03385",
}
_WIDE = _RESNET | {"paper": "Zagoruyko, Komodakis 2016, Wide Residual Networks, arXiv:1605.07146"}
_RESNEXT = _RESNET | {
    "paper": "Xie et al. 2016, Aggregated Residual Transformations for Deep Neural Networks, "
    "arXiv:1611.05431",
}


def _imagenet(top1: float, top5: float | None = None, how: str = "10 crops", source: str = "") -> Error:
    return Error("ImageNet validation", top1, top5, how, source)


# By depth, with zeros padded where the shape changes: exactly as many parameters as the plain networks, which
# makes these the errors to compare theirs with. The networks below have projections there (option B).
OPTION_A_ERRORS = {
    18: _imagenet(27.88, source="table 2, option A"),
    34: _imagenet(25.03, 7.76, source="table 3, option A"),
}


@register(**_RESNET, parameters=11_689_512, macs=1_814_073_344, error=OPTION_A_ERRORS[18])
def resnet18(num_classes: int, in_channels: int) -> ResNet:
    return ResNet(BasicBlock, [2, 2, 2, 2], 64, num_classes, in_channels)


@register(
    **_RESNET,
    parameters=21_797_672,
    macs=3_663_761_408,
    error=_imagenet(24.52, 7.46, source="table 3, option B"),
)
def resnet34(num_classes: int, in_channels: int) -> ResNet:
    return ResNet(BasicBlock, [3, 4, 6, 3], 64, num_classes, in_channels)


@register(
    **_RESNET, parameters=25_557_032, macs=4_089_184_256, error=_imagenet(22.85, 6.71, source="table 3")
)
def resnet50(num_classes: int, in_channels: int, *, stride_in_1x1: bool = False) -> ResNet:
    block = partial(Bottleneck, stride_in_1x1=stride_in_1x1)
    return ResNet(block, [3, 4, 6, 3], 256, num_classes, in_channels)


@register(
    **_RESNET, parameters=44_549_160, macs=7_801_405_440, error=_imagenet(21.75, 6.05, source="table 3")
)
def resnet101(num_classes: int, in_channels: int, *, stride_in_1x1: bool = False) -> ResNet:
    block = partial(Bottleneck, stride_in_1x1=stride_in_1x1)
    return ResNet(block, [3, 4, 23, 3], 256, num_classes, in_channels)


@register(
    **_RESNET, parameters=60_192_808, macs=11_513_626_624, error=_imagenet(21.43, 5.71, source="table 3")
)
def resnet152(num_classes: int, in_channels: int, *, stride_in_1x1: bool = False) -> ResNet:
    block = partial(Bottleneck, stride_in_1x1=stride_in_1x1)
    return ResNet(block, [3, 8, 36, 3], 256, num_classes, in_channels)


@register(**_RESNET, parameters=11_515_688, macs=1_794_805_760, error=_imagenet(27.94, source="table 2"))
def plain18(num_classes: int, in_channels: int) -> ResNet:
    return ResNet(partial(BasicBlock, residual=False), [2, 2, 2, 2], 64, num_classes, in_channels)


@register(
    **_RESNET,
    parameters=21_623_848,
    macs=3_644_493_824,
    error=_imagenet(28.54, 10.02, source="tables 2 and 3"),
)
def plain34(num_classes: int, in_channels: int) -> ResNet:
    return ResNet(partial(BasicBlock, residual=False), [3, 4, 6, 3], 64, num_classes, in_channels)


@register(
    **_WIDE, parameters=68_883_240, macs=11_398_021_120, error=_imagenet(21.9, 6.03, "1 crop", "table 8")
)
def wide_resnet50_2(num_classes: int, in_channels: int) -> ResNet:
    return ResNet(partial(Bottleneck, widen=2), [3, 4, 6, 3], 256, num_classes, in_channels)


@register(
    **_RESNEXT, parameters=25_028_904, macs=4_230_479_872, error=_imagenet(22.2, None, "1 crop", "table 3")
)
def resnext50_32x4d(num_classes: int, in_channels: int) -> ResNet:
    return ResNet(partial(Bottleneck, widen=2, groups=32), [3, 4, 6, 3], 256, num_classes, in_channels)


@register(**_RESNEXT, parameters=88_791_336, macs=16_414_015_488)  # published as weights, not in the paper
def resnext101_32x8d(num_classes: int, in_channels: int) -> ResNet:
    return ResNet(partial(Bottleneck, widen=4, groups=32), [3, 4, 23, 3], 256, num_classes, in_channels)
