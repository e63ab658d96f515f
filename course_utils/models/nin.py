"""Network in Network: 1x1 convolutions, and an average over positions instead of fully connected layers."""

from torch import Tensor, nn

from .network import Network
from .registry import Error, register
from .resnet import he_initialisation

_PAPER = "Lin, Chen, Yan 2013, Network In Network, arXiv:1312.4400"


def mlpconv(in_channels: int, widths: tuple[int, int, int], kernel: int, stride: int = 1, padding: int = 0):
    """The layers of one MLP convolution: a kernel x kernel convolution and two 1x1, a ReLU after each.

    The 1x1 layers are a small fully connected network applied to the channels of every position alone.
    """
    first, second, third = widths
    return [
        nn.Conv2d(in_channels, first, kernel, stride, padding),
        nn.ReLU(inplace=True),
        nn.Conv2d(first, second, kernel_size=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(second, third, kernel_size=1),
        nn.ReLU(inplace=True),
    ]


class NiN(Network):
    """Four MLP convolutions; the last gives one map a class, whose mean is the class's score.

    Published: nothing in the paper; for Caffe, a model of 29 MB, an eighth of AlexNet, with 59.36 % top-1
    accuracy. This is that model. Its pooling rounds sizes up, and a ReLU follows even the last 1x1
    convolution, so no score is negative.

    Later networks dropped that ReLU and kept the rest: GoogLeNet the 1x1 convolutions, nearly everything
    since the average over positions.
    """

    def __init__(self, num_classes: int, in_channels: int, dropout: float = 0.5):
        super().__init__()
        self.features = nn.Sequential(  #                                      N x    3 x 224 x 224
            *mlpconv(in_channels, (96, 96, 96), kernel=11, stride=4),  #       N x   96 x  54 x  54
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),  #          N x   96 x  27 x  27
            *mlpconv(96, (256, 256, 256), kernel=5, padding=2),  #             N x  256 x  27 x  27
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),  #          N x  256 x  13 x  13
            *mlpconv(256, (384, 384, 384), kernel=3, padding=1),  #            N x  384 x  13 x  13
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),  #          N x  384 x   6 x   6
            nn.Dropout(dropout),
            *mlpconv(384, (1024, 1024, num_classes), kernel=3, padding=1),  #  N x num_classes x 6 x 6
        )
        self.pool = nn.AdaptiveAvgPool2d(1)  #                                 N x num_classes x 1 x 1
        he_initialisation(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.features(x)).flatten(1)


class NiNCifar(Network):
    """Three MLP convolutions, the network of the paper's CIFAR tables.

    Published: CIFAR-10 error 10.41 %, 8.81 % with shifts and flips; CIFAR-100 35.68 %. The paper gives no
    counts.
    """

    def __init__(self, num_classes: int, in_channels: int, dropout: float = 0.5):
        super().__init__()
        self.features = nn.Sequential(  #                                            N x   3 x 32 x 32
            *mlpconv(in_channels, (192, 160, 96), kernel=5, padding=2),  #           N x  96 x 32 x 32
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),  #                N x  96 x 16 x 16
            nn.Dropout(dropout),
            *mlpconv(96, (192, 192, 192), kernel=5, padding=2),  #                   N x 192 x 16 x 16
            nn.AvgPool2d(kernel_size=3, stride=2, ceil_mode=True),  #                N x 192 x  8 x  8
            nn.Dropout(dropout),
            *mlpconv(192, (192, 192, num_classes), kernel=3, padding=1),  #          N x num_classes x 8 x 8
        )
        self.pool = nn.AdaptiveAvgPool2d(1)  #                                       N x num_classes x 1 x 1
        he_initialisation(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.features(x)).flatten(1)


@register(
    input_size=(3, 224, 224),
    num_classes=1000,
    parameters=7_595_176,
    macs=1_100_188_800,
    paper=_PAPER,
    error=Error("ImageNet validation", top1=40.64, how="centre crop", source="the authors' Caffe release"),
)
def nin(num_classes: int, in_channels: int, *, dropout: float = 0.5) -> NiN:
    return NiN(num_classes, in_channels, dropout)


@register(
    input_size=(3, 32, 32),
    num_classes=10,
    parameters=966_986,
    macs=222_486_528,
    paper=_PAPER,
    error=Error("CIFAR-10", top1=8.81, how="with shifts and flips; 10.41 without", source="table 1"),
)
def nin_cifar(num_classes: int, in_channels: int, *, dropout: float = 0.5) -> NiNCifar:
    return NiNCifar(num_classes, in_channels, dropout)
