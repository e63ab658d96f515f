"""Inception-ResNet-v2: inception modules as the residual branches of a ResNet.

Keys as in timm's ``inception_resnet_v2``.
"""

from torch import Tensor, nn

from .inception_v4 import PAPER, Branches, Conv, pooled, same
from .network import Network
from .registry import Error, register


class Residual(Branches):
    """``relu(x + scale * conv2d(branches))``: the 1x1 brings the branches back to the input's channels.

    The scale keeps training alive: from about a thousand filters on, unscaled sums made the last layers give
    nothing but zeros after some tens of thousands of steps.
    """

    def __init__(self, channels: int, branched: int, scale: float, *branches: nn.Module, last: bool = False):
        super().__init__(*branches)
        self.conv2d = nn.Conv2d(branched, channels, 1)  # a bias and no norm
        self.scale = scale
        self.relu = nn.Identity() if last else nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(x + self.scale * self.conv2d(super().forward(x)))


def mixed_5b() -> nn.Module:
    """N x 192 x 35 x 35 to N x 320 x 35 x 35."""
    return Branches(
        Conv(192, 96, 1),
        nn.Sequential(Conv(192, 48, 1), same(48, 64, 5)),
        nn.Sequential(Conv(192, 64, 1), same(64, 96, 3), same(96, 96, 3)),
        pooled(192, 64),
    )


def block35() -> nn.Module:
    """Inception-ResNet-A: N x 320 x 35 x 35, kept."""
    return Residual(
        320,
        128,
        0.17,
        Conv(320, 32, 1),
        nn.Sequential(Conv(320, 32, 1), same(32, 32, 3)),
        nn.Sequential(Conv(320, 32, 1), same(32, 48, 3), same(48, 64, 3)),
    )


def mixed_6a() -> nn.Module:
    """N x 320 x 35 x 35 to N x 1088 x 17 x 17."""
    return Branches(
        Conv(320, 384, 3, stride=2),
        nn.Sequential(Conv(320, 256, 1), same(256, 256, 3), Conv(256, 384, 3, stride=2)),
        nn.MaxPool2d(kernel_size=3, stride=2),
    )


def block17() -> nn.Module:
    """Inception-ResNet-B: N x 1088 x 17 x 17, kept."""
    return Residual(
        1088,
        384,
        0.10,
        Conv(1088, 192, 1),
        nn.Sequential(Conv(1088, 128, 1), same(128, 160, (1, 7)), same(160, 192, (7, 1))),
    )


def mixed_7a() -> nn.Module:
    """N x 1088 x 17 x 17 to N x 2080 x 8 x 8."""
    return Branches(
        nn.Sequential(Conv(1088, 256, 1), Conv(256, 384, 3, stride=2)),
        nn.Sequential(Conv(1088, 256, 1), Conv(256, 288, 3, stride=2)),
        nn.Sequential(Conv(1088, 256, 1), same(256, 288, 3), Conv(288, 320, 3, stride=2)),
        nn.MaxPool2d(kernel_size=3, stride=2),
    )


def block8(scale: float = 0.20, last: bool = False) -> nn.Module:
    """Inception-ResNet-C: N x 2080 x 8 x 8, kept. The last one is neither scaled nor rectified."""
    return Residual(
        2080,
        448,
        scale,
        Conv(2080, 192, 1),
        nn.Sequential(Conv(2080, 192, 1), same(192, 224, (1, 3)), same(224, 256, (3, 1))),
        last=last,
    )


class InceptionResNetV2(Network):
    """A stem, 10 A blocks, 20 B blocks, 10 C blocks, reductions between them, average, dropout, linear.

    Published: ImageNet errors 19.9 / 4.9 with a single crop, 17.8 / 3.7 with 144 crops. No counts were
    published.

    What the authors' code changed, and this code with it: the paper draws Inception-v4's stem and 5, 10 and 5
    blocks; the code, whose weights are everyone's, has a plain stem, twice the blocks, and 320, 1088 and 2080
    channels. Left out: its auxiliary classifier.
    """

    def __init__(self, num_classes: int, in_channels: int, dropout: float = 0.2):
        super().__init__()
        #                                                                    N x    3 x 299 x 299
        self.conv2d_1a = Conv(in_channels, 32, 3, stride=2)  #               N x   32 x 149 x 149
        self.conv2d_2a = Conv(32, 32, 3)  #                                  N x   32 x 147 x 147
        self.conv2d_2b = same(32, 64, 3)  #                                  N x   64 x 147 x 147
        self.maxpool_3a = nn.MaxPool2d(kernel_size=3, stride=2)  #           N x   64 x  73 x  73
        self.conv2d_3b = Conv(64, 80, 1)  #                                  N x   80 x  73 x  73
        self.conv2d_4a = Conv(80, 192, 3)  #                                 N x  192 x  71 x  71
        self.maxpool_5a = nn.MaxPool2d(kernel_size=3, stride=2)  #           N x  192 x  35 x  35
        self.mixed_5b = mixed_5b()  #                                        N x  320 x  35 x  35
        self.repeat = nn.Sequential(*(block35() for _ in range(10)))  #      N x  320 x  35 x  35
        self.mixed_6a = mixed_6a()  #                                        N x 1088 x  17 x  17
        self.repeat_1 = nn.Sequential(*(block17() for _ in range(20)))  #    N x 1088 x  17 x  17
        self.mixed_7a = mixed_7a()  #                                        N x 2080 x   8 x   8
        self.repeat_2 = nn.Sequential(*(block8() for _ in range(9)))  #      N x 2080 x   8 x   8
        self.block8 = block8(scale=1.0, last=True)  #                        N x 2080 x   8 x   8
        self.conv2d_7b = Conv(2080, 1536, 1)  #                              N x 1536 x   8 x   8
        self.pool = nn.AdaptiveAvgPool2d(1)  #                               N x 1536 x   1 x   1
        self.dropout = nn.Dropout(dropout)
        self.classif = nn.Linear(1536, num_classes)  #                       N x num_classes

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv2d_2b(self.conv2d_2a(self.conv2d_1a(x)))
        x = self.conv2d_4a(self.conv2d_3b(self.maxpool_3a(x)))
        x = self.repeat(self.mixed_5b(self.maxpool_5a(x)))
        x = self.repeat_1(self.mixed_6a(x))
        x = self.block8(self.repeat_2(self.mixed_7a(x)))
        x = self.pool(self.conv2d_7b(x)).flatten(1)
        return self.classif(self.dropout(x))


@register(
    input_size=(3, 299, 299),
    num_classes=1000,
    parameters=55_843_464,
    macs=13_155_794_016,
    paper=PAPER,
    error=Error("ImageNet validation", top1=19.9, top5=4.9, how="single crop", source="table 2"),
)
def inception_resnet_v2(num_classes: int, in_channels: int, *, dropout: float = 0.2) -> InceptionResNetV2:
    return InceptionResNetV2(num_classes, in_channels, dropout)
