"""Wide residual networks for CIFAR: few layers, many channels.

The paper's ImageNet network, ``wide_resnet50_2``, is a ResNet-50 with wider bottlenecks: see `resnet`.
"""

from functools import partial

from torch import Tensor, nn

from .network import Network
from .registry import Error, register
from .resnet import conv1x1, conv3x3, he_initialisation, stage


class WideBlock(nn.Module):
    """Two 3x3 convolutions, each after norm and ReLU, with dropout between them; nothing follows the sum."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, dropout: float):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = conv3x3(in_channels, out_channels, stride)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = conv3x3(out_channels, out_channels)
        self.relu = nn.ReLU(inplace=True)
        changes = in_channels != out_channels
        self.downsample = conv1x1(in_channels, out_channels, stride) if changes else None

    def forward(self, x: Tensor) -> Tensor:
        active = self.relu(self.norm1(x))
        shortcut = x if self.downsample is None else self.downsample(active)
        out = self.conv1(active)
        out = self.conv2(self.dropout(self.relu(self.norm2(out))))
        return out + shortcut


class WideResNet(Network):
    """WRN-d-k: d = 6 * blocks + 4 layers, k times the channels of a CIFAR ResNet.

    Published for WRN-28-10: 36.5 M parameters; error on CIFAR-10 4.00 %, CIFAR-100 19.25 %, with dropout
    of 0.3 inside the blocks 3.89 % and 18.85 %. The pre-activation ResNet of 1001 layers has 10.2 M
    parameters, 4.92 % and 22.71 %, and takes 1.6 times as long: its layers have to run one after another.
    """

    def __init__(self, blocks: int, widen: int, dropout: float, num_classes: int, in_channels: int):
        super().__init__()
        block = partial(WideBlock, dropout=dropout)
        self.conv1 = conv3x3(in_channels, 16)
        self.group1 = stage(block, blocks, 16, 16 * widen, stride=1)
        self.group2 = stage(block, blocks, 16 * widen, 32 * widen, stride=2)
        self.group3 = stage(block, blocks, 32 * widen, 64 * widen, stride=2)
        self.norm = nn.BatchNorm2d(64 * widen)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(64 * widen, num_classes)
        he_initialisation(self)

    def forward(self, x: Tensor) -> Tensor:  # for k = 10   N x   3 x 32 x 32
        x = self.conv1(x)  #                                N x  16 x 32 x 32
        x = self.group1(x)  #                               N x 160 x 32 x 32
        x = self.group2(x)  #                               N x 320 x 16 x 16
        x = self.group3(x)  #                               N x 640 x  8 x  8
        x = self.relu(self.norm(x))  #                      the last sum is activated only here
        x = self.avgpool(x).flatten(1)  #                   N x 640
        return self.fc(x)  #                                N x num_classes


@register(
    input_size=(3, 32, 32),
    num_classes=10,
    parameters=36_479_194,
    macs=5_243_328_768,
    paper="Zagoruyko, Komodakis 2016, Wide Residual Networks, arXiv:1605.07146",
    error=Error(
        "CIFAR-10", top1=4.00, how="flips and shifts; 3.89 with dropout 0.3", source="tables 5 and 6"
    ),
)
def wrn_28_10(num_classes: int, in_channels: int, *, dropout: float = 0.0) -> WideResNet:
    return WideResNet(4, 10, dropout, num_classes, in_channels)
