"""Inception-v4: three kinds of inception module in a row; no residuals, in spite of the paper's title.

Keys as in timm's ``inception_v4``.
"""

import torch
from torch import Tensor, nn

from .network import Network
from .registry import Error, register

PAPER = (
    "Szegedy, Ioffe, Vanhoucke, Alemi 2016, Inception-v4, Inception-ResNet and the Impact of Residual "
    "Connections on Learning, arXiv:1602.07261"
)


class Conv(nn.Module):
    """Convolution, norm, ReLU; without padding unless asked for."""

    def __init__(self, in_channels: int, out_channels: int, kernel, stride: int = 1, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out_channels, eps=1e-3)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.bn(self.conv(x)))


def same(in_channels: int, out_channels: int, kernel: int | tuple[int, int]) -> Conv:
    """`Conv` padded to keep the size. Kernels (1, 7) and (7, 1) see 7x7 together with 14 weights, not 49."""
    height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    return Conv(in_channels, out_channels, kernel, padding=(height // 2, width // 2))


def pooled(in_channels: int, out_channels: int) -> nn.Sequential:
    """The pooling branch: 3x3 mean of the pixels inside the image, then 1x1."""
    pool = nn.AvgPool2d(kernel_size=3, stride=1, padding=1, count_include_pad=False)
    return nn.Sequential(pool, Conv(in_channels, out_channels, 1))


class Branches(nn.Module):
    """Several ways from one input, branch0, branch1, ..., concatenated."""

    def __init__(self, *branches: nn.Module):
        super().__init__()
        self.names = [f"branch{i}" for i in range(len(branches))]
        for name, branch in zip(self.names, branches, strict=True):
            self.add_module(name, branch)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.get_submodule(name)(x) for name in self.names], dim=1)


class PoolAndConv(nn.Module):
    """3x3 max pooling beside a 3x3 convolution, both with stride 2: cheaper than either after the other."""

    def __init__(self, in_channels: int, out_channels: int, conv_first: bool = False):
        super().__init__()
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2)
        self.conv = Conv(in_channels, out_channels, 3, stride=2)
        self.conv_first = conv_first

    def forward(self, x: Tensor) -> Tensor:
        both = [self.maxpool(x), self.conv(x)]
        return torch.cat(both[::-1] if self.conv_first else both, dim=1)


def stem_7x7() -> nn.Module:
    """N x 160 x 73 x 73 to N x 192 x 71 x 71, once through 3x3 and once through 7x7 in two factors."""
    return Branches(
        nn.Sequential(Conv(160, 64, 1), Conv(64, 96, 3)),
        nn.Sequential(Conv(160, 64, 1), same(64, 64, (1, 7)), same(64, 64, (7, 1)), Conv(64, 96, 3)),
    )


def inception_a() -> nn.Module:
    """N x 384 x 35 x 35, kept."""
    return Branches(
        Conv(384, 96, 1),
        nn.Sequential(Conv(384, 64, 1), same(64, 96, 3)),
        nn.Sequential(Conv(384, 64, 1), same(64, 96, 3), same(96, 96, 3)),
        pooled(384, 96),
    )


def reduction_a() -> nn.Module:
    """N x 384 x 35 x 35 to N x 1024 x 17 x 17."""
    return Branches(
        Conv(384, 384, 3, stride=2),
        nn.Sequential(Conv(384, 192, 1), same(192, 224, 3), Conv(224, 256, 3, stride=2)),
        nn.MaxPool2d(kernel_size=3, stride=2),
    )


def inception_b() -> nn.Module:
    """N x 1024 x 17 x 17, kept."""
    return Branches(
        Conv(1024, 384, 1),
        nn.Sequential(Conv(1024, 192, 1), same(192, 224, (1, 7)), same(224, 256, (7, 1))),
        nn.Sequential(
            Conv(1024, 192, 1),
            same(192, 192, (7, 1)),
            same(192, 224, (1, 7)),
            same(224, 224, (7, 1)),
            same(224, 256, (1, 7)),
        ),
        pooled(1024, 128),
    )


def reduction_b() -> nn.Module:
    """N x 1024 x 17 x 17 to N x 1536 x 8 x 8."""
    return Branches(
        nn.Sequential(Conv(1024, 192, 1), Conv(192, 192, 3, stride=2)),
        nn.Sequential(
            Conv(1024, 256, 1), same(256, 256, (1, 7)), same(256, 320, (7, 1)), Conv(320, 320, 3, stride=2)
        ),
        nn.MaxPool2d(kernel_size=3, stride=2),
    )


class InceptionC(nn.Module):
    """N x 1536 x 8 x 8, kept. Two of the branches fork at their ends."""

    def __init__(self):
        super().__init__()
        self.branch0 = Conv(1536, 256, 1)
        self.branch1_0 = Conv(1536, 384, 1)
        self.branch1_1a = same(384, 256, (1, 3))
        self.branch1_1b = same(384, 256, (3, 1))
        self.branch2_0 = Conv(1536, 384, 1)
        self.branch2_1 = same(384, 448, (3, 1))
        self.branch2_2 = same(448, 512, (1, 3))
        self.branch2_3a = same(512, 256, (1, 3))
        self.branch2_3b = same(512, 256, (3, 1))
        self.branch3 = pooled(1536, 256)

    def forward(self, x: Tensor) -> Tensor:
        fork1 = self.branch1_0(x)
        fork2 = self.branch2_2(self.branch2_1(self.branch2_0(x)))
        ends1 = [self.branch1_1a(fork1), self.branch1_1b(fork1)]
        ends2 = [self.branch2_3a(fork2), self.branch2_3b(fork2)]
        return torch.cat([self.branch0(x), *ends1, *ends2, self.branch3(x)], dim=1)


class InceptionV4(Network):
    """A stem, 4 A modules, 7 B modules, 3 C modules, reductions between them, average, dropout, linear.

    Published: ImageNet errors 20.0 / 5.0 with a single crop, 17.7 / 3.8 with 144 crops;
    Inception-ResNet-v2, about as costly, 19.9 / 4.9 and 17.8 / 3.7 after fewer steps of training. No
    counts were published. The authors' code trains with an auxiliary classifier too, which is left out
    here.
    """

    def __init__(self, num_classes: int, in_channels: int, dropout: float = 0.2):
        super().__init__()
        self.features = nn.Sequential(  #                    N x    3 x 299 x 299
            Conv(in_channels, 32, 3, stride=2),  #           N x   32 x 149 x 149
            Conv(32, 32, 3),  #                              N x   32 x 147 x 147
            same(32, 64, 3),  #                              N x   64 x 147 x 147
            PoolAndConv(64, 96),  #                          N x  160 x  73 x  73
            stem_7x7(),  #                                   N x  192 x  71 x  71
            PoolAndConv(192, 192, conv_first=True),  #       N x  384 x  35 x  35
            *(inception_a() for _ in range(4)),  #           N x  384 x  35 x  35
            reduction_a(),  #                                N x 1024 x  17 x  17
            *(inception_b() for _ in range(7)),  #           N x 1024 x  17 x  17
            reduction_b(),  #                                N x 1536 x   8 x   8
            *(InceptionC() for _ in range(3)),  #            N x 1536 x   8 x   8
        )
        self.pool = nn.AdaptiveAvgPool2d(1)  #               N x 1536 x   1 x   1
        self.dropout = nn.Dropout(dropout)
        self.last_linear = nn.Linear(1536, num_classes)  #   N x num_classes

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.features(x)).flatten(1)
        return self.last_linear(self.dropout(x))


@register(
    input_size=(3, 299, 299),
    num_classes=1000,
    parameters=42_679_816,
    macs=12_253_974_624,
    paper=PAPER,
    error=Error("ImageNet validation", top1=20.0, top5=5.0, how="single crop", source="table 2"),
)
def inception_v4(num_classes: int, in_channels: int, *, dropout: float = 0.2) -> InceptionV4:
    return InceptionV4(num_classes, in_channels, dropout)
