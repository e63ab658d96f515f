"""ShuffleNet-V1: 1x1 convolutions in groups, and a shuffle that lets the groups exchange channels."""

import torch
from torch import Tensor, nn

from .network import Network
from .registry import Error, register

CHANNELS = {
    1: 144,
    2: 200,
    3: 240,
    4: 272,
    8: 384,
}  # after the first stage, by groups: all cost about 140 M MACs


def channel_shuffle(x: Tensor, groups: int) -> Tensor:
    """Deal the channels out like cards, so that each group of the next layer gets some of every group.

    Channel ``i`` of group ``g`` moves from ``g * C / groups + i`` to ``i * groups + g``: write the
    channels in `groups` rows, read them in columns. Shapes (N, C, H, W) to (N, C, H, W).

    >>> channel_shuffle(torch.arange(6).reshape(1, 6, 1, 1), groups=3).flatten()
    tensor([0, 2, 4, 1, 3, 5])

    Raises:
        ValueError: the channels do not divide into `groups`.
    """
    n, channels, height, width = x.shape
    if channels % groups:
        raise ValueError(f"{channels} channels do not divide into groups={groups} of equal size")
    return x.reshape(n, groups, channels // groups, height, width).transpose(1, 2).reshape(x.shape)


class ShuffleUnit(nn.Module):
    """Grouped 1x1, shuffle, depthwise 3x3, grouped 1x1, beside a shortcut.

    With stride 1 the shortcut is the identity and is added. With stride 2 it is a 3x3 average and is
    concatenated: the branch only makes the channels that are missing. No ReLU follows the depthwise layer.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, groups: int, group_first: bool = True
    ):
        super().__init__()
        width = out_channels // 4
        branch_channels = out_channels - in_channels if stride == 2 else out_channels
        self.groups = groups
        self.conv1 = nn.Conv2d(in_channels, width, 1, groups=groups if group_first else 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, groups=width, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, branch_channels, 1, groups=groups, bias=False)
        self.bn3 = nn.BatchNorm2d(branch_channels)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.AvgPool2d(kernel_size=3, stride=2, padding=1) if stride == 2 else None

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(channel_shuffle(out, self.groups)))
        out = self.bn3(self.conv3(out))
        return self.relu(out + x if self.pool is None else torch.cat([self.pool(x), out], dim=1))


class ShuffleNetV1(Network):
    """50 layers: a stem and three stages of 4, 8 and 4 units.

    Published MACs and top-1 errors: groups 1, 143 M, 33.6 %; 2, 140 M, 32.7 %; 3, 137 M, 32.6 %; 4, 133
    M, 32.8 %; 8, 137 M, 32.4 %. More groups buy more channels at the same cost. The paper counts no
    parameters. The very first 1x1 is not grouped: it has only 24 channels to read.

    What later work changed: ShuffleNet-V2 (Ma et al. 2018) measured that groups, and adding, cost time though
    hardly MACs, and splits the channels in two instead.
    """

    def __init__(self, num_classes: int, in_channels: int, groups: int = 3):
        super().__init__()
        if groups not in CHANNELS:
            raise ValueError(
                f"groups must be one of {', '.join(map(str, CHANNELS))}, as in the paper, not {groups!r}"
            )
        c = CHANNELS[groups]

        def stage(
            repeats: int, in_channels: int, out_channels: int, group_first: bool = True
        ) -> nn.Sequential:
            first = ShuffleUnit(in_channels, out_channels, 2, groups, group_first)
            rest = (ShuffleUnit(out_channels, out_channels, 1, groups) for _ in range(repeats - 1))
            return nn.Sequential(first, *rest)

        #                                                           for groups = 3   N x   3 x 224 x 224
        self.conv1 = nn.Conv2d(in_channels, 24, 3, stride=2, padding=1, bias=False)  # N x 24 x 112 x 112
        self.bn1 = nn.BatchNorm2d(24)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)  #           N x  24 x  56 x  56
        self.stage2 = stage(4, 24, c, group_first=False)  #                          N x 240 x  28 x  28
        self.stage3 = stage(8, c, 2 * c)  #                                          N x 480 x  14 x  14
        self.stage4 = stage(4, 2 * c, 4 * c)  #                                      N x 960 x   7 x   7
        self.pool = nn.AdaptiveAvgPool2d(1)  #                                       N x 960 x   1 x   1
        self.fc = nn.Linear(4 * c, num_classes)  #                                   N x num_classes

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.stage4(self.stage3(self.stage2(x)))
        return self.fc(self.pool(x).flatten(1))


@register(
    input_size=(3, 224, 224),
    num_classes=1000,
    parameters=1_865_728,
    macs=137_460_672,
    paper="Zhang, Zhou, Lin, Sun 2017, ShuffleNet: An Extremely Efficient Convolutional Neural Network for "
    "Mobile Devices, arXiv:1707.01083",
    error=Error("ImageNet validation", top1=32.6, how="centre crop", source="table 2"),
)
def shufflenet_v1(num_classes: int, in_channels: int, *, groups: int = 3) -> ShuffleNetV1:
    return ShuffleNetV1(num_classes, in_channels, groups)
