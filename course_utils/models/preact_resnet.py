"""Pre-activation ResNets: normalise and rectify before each convolution, and leave the shortcut alone.

Keys as in timm's ``resnetv2_*``.
"""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from .network import Network, named
from .registry import Error, register
from .resnet import conv1x1, conv3x3, he_initialisation, stage

_PAPER = "He, Zhang, Ren, Sun 2016, Identity Mappings in Deep Residual Networks, arXiv:1603.05027"


class PreActBottleneck(nn.Module):
    """1x1 down to a quarter, 3x3, 1x1 up, each after its own norm and ReLU; nothing follows the sum.

    So the shortcut of all but a stage's first block is the identity, forward and backward, from one end
    of the stage to the other. The first block changes the shape: its 1x1 shortcut reads the activated
    input, as in the authors' code.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, stride_in_1x1: bool = False):
        super().__init__()
        width = out_channels // 4
        first, second = (stride, 1) if stride_in_1x1 else (1, stride)
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = conv1x1(in_channels, width, first)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv2 = conv3x3(width, width, second)
        self.norm3 = nn.BatchNorm2d(width)
        self.conv3 = conv1x1(width, out_channels)
        self.relu = nn.ReLU(inplace=True)
        changes = in_channels != out_channels
        self.downsample = named(conv=conv1x1(in_channels, out_channels, stride)) if changes else None

    def forward(self, x: Tensor) -> Tensor:
        active = self.relu(self.norm1(x))
        shortcut = x if self.downsample is None else self.downsample(active)
        out = self.conv1(active)
        out = self.conv2(self.relu(self.norm2(out)))
        out = self.conv3(self.relu(self.norm3(out)))
        return out + shortcut


class PreActResNet(Network):
    """3 * sum(depths) + 2 layers for ImageNet.

    Published top-1 / top-5 errors on 320x320 crops, after and (before) moving the activation: 152 layers
    21.1 / 5.5 (21.3 / 5.5), 200 layers 20.7 / 5.3 (21.8 / 6.0). The paper prints no counts.

    No norm follows the first convolution, because the first block begins with one; code that puts a norm
    there too has 128 parameters more. The authors halve the map in a block's first 1x1 (`stride_in_1x1`),
    which never looks at three of four positions; later code, timm's among it, in the 3x3, for more MACs.
    """

    def __init__(
        self, block: Callable[..., nn.Module], depths: tuple[int, ...], num_classes: int, in_channels: int
    ):
        super().__init__()
        self.stem = named(
            conv=nn.Conv2d(in_channels, 64, 7, stride=2, padding=3, bias=False),
            pool=nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.stages = nn.Sequential(
            named(blocks=stage(block, depths[0], 64, 256, stride=1)),
            named(blocks=stage(block, depths[1], 256, 512, stride=2)),
            named(blocks=stage(block, depths[2], 512, 1024, stride=2)),
            named(blocks=stage(block, depths[3], 1024, 2048, stride=2)),
        )
        self.norm = nn.BatchNorm2d(2048)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.head = named(fc=nn.Conv2d(2048, num_classes, 1))  # a linear layer, in timm's shape
        he_initialisation(self)

    def forward(self, x: Tensor) -> Tensor:  #  N x    3 x 224 x 224
        x = self.stem.conv(x)  #                N x   64 x 112 x 112
        x = self.stem.pool(x)  #                N x   64 x  56 x  56
        x = self.stages[0](x)  #                N x  256 x  56 x  56
        x = self.stages[1](x)  #                N x  512 x  28 x  28
        x = self.stages[2](x)  #                N x 1024 x  14 x  14
        x = self.stages[3](x)  #                N x 2048 x   7 x   7
        x = self.relu(self.norm(x))  #          the last sum is activated only here
        x = self.avgpool(x)  #                  N x 2048 x   1 x   1
        return self.head(x).flatten(1)  #       N x num_classes


class PreActResNetCifar(Network):
    """9 * depth + 2 layers for CIFAR; with depth 18, 164 layers.

    Published errors of 164 layers, after and (before) moving the activation: CIFAR-10 5.46 % (5.93 %),
    CIFAR-100 24.33 % (25.16 %); 1001 layers 4.92 % (7.61 %) and 22.71 % (27.82 %). 1.7 M and 10.2 M
    parameters.
    """

    def __init__(self, block: Callable[..., nn.Module], depth: int, num_classes: int, in_channels: int):
        super().__init__()
        self.stem = named(conv=conv3x3(in_channels, 16))
        self.stages = nn.Sequential(
            named(blocks=stage(block, depth, 16, 64, stride=1)),
            named(blocks=stage(block, depth, 64, 128, stride=2)),
            named(blocks=stage(block, depth, 128, 256, stride=2)),
        )
        self.norm = nn.BatchNorm2d(256)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.head = named(fc=nn.Conv2d(256, num_classes, 1))
        he_initialisation(self)

    def forward(self, x: Tensor) -> Tensor:  #  N x   3 x 32 x 32
        x = self.stem(x)  #                     N x  16 x 32 x 32
        x = self.stages[0](x)  #                N x  64 x 32 x 32
        x = self.stages[1](x)  #                N x 128 x 16 x 16
        x = self.stages[2](x)  #                N x 256 x  8 x  8
        x = self.relu(self.norm(x))
        x = self.avgpool(x)  #                  N x 256 x  1 x  1
        return self.head(x).flatten(1)  #       N x num_classes


_IMAGENET = {"input_size": (3, 224, 224), "num_classes": 1000, "paper": _PAPER}


def _imagenet(top1: float, top5: float) -> Error:
    return Error("ImageNet validation", top1, top5, "320x320 crop, scale augmentation", "table 5")


@register(**_IMAGENET, parameters=25_549_352, macs=4_089_184_256)
def preact_resnet50(num_classes: int, in_channels: int, *, stride_in_1x1: bool = False) -> PreActResNet:
    block = partial(PreActBottleneck, stride_in_1x1=stride_in_1x1)
    return PreActResNet(block, (3, 4, 6, 3), num_classes, in_channels)


@register(**_IMAGENET, parameters=44_541_480, macs=7_801_405_440)
def preact_resnet101(num_classes: int, in_channels: int, *, stride_in_1x1: bool = False) -> PreActResNet:
    block = partial(PreActBottleneck, stride_in_1x1=stride_in_1x1)
    return PreActResNet(block, (3, 4, 23, 3), num_classes, in_channels)


@register(**_IMAGENET, parameters=60_185_128, macs=11_513_626_624, error=_imagenet(21.1, 5.5))
def preact_resnet152(num_classes: int, in_channels: int, *, stride_in_1x1: bool = False) -> PreActResNet:
    block = partial(PreActBottleneck, stride_in_1x1=stride_in_1x1)
    return PreActResNet(block, (3, 8, 36, 3), num_classes, in_channels)


@register(**_IMAGENET, parameters=64_666_152, macs=15_007_481_856, error=_imagenet(20.7, 5.3))
def preact_resnet200(num_classes: int, in_channels: int, *, stride_in_1x1: bool = False) -> PreActResNet:
    block = partial(PreActBottleneck, stride_in_1x1=stride_in_1x1)
    return PreActResNet(block, (3, 24, 36, 3), num_classes, in_channels)


@register(
    input_size=(3, 32, 32),
    num_classes=10,
    parameters=1_703_258,
    macs=247_646_720,
    paper=_PAPER,
    error=Error("CIFAR-10", top1=5.46, how="median of 5 runs, flips and shifts", source="table 4"),
)
def preact_resnet164(num_classes: int, in_channels: int, *, stride_in_1x1: bool = False) -> PreActResNetCifar:
    block = partial(PreActBottleneck, stride_in_1x1=stride_in_1x1)
    return PreActResNetCifar(block, 18, num_classes, in_channels)
