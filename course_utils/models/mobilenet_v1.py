"""MobileNet-V1: every 3x3 convolution taken apart into one per channel and a 1x1 that mixes channels."""

from torch import Tensor, nn

from .network import Network
from .registry import Error, register


class DepthwiseSeparable(nn.Module):
    """A 3x3 convolution of each channel by itself, then a 1x1 across channels, norm and ReLU after both.

    A full 3x3 costs 9 * C_in * C_out MACs a position, this costs (9 + C_out) * C_in: the fraction
    1 / C_out + 1 / 9 of it.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int):
        super().__init__()
        self.conv_dw = nn.Conv2d(
            in_channels, in_channels, 3, stride, padding=1, groups=in_channels, bias=False
        )
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.act1 = nn.ReLU6(inplace=True)
        self.conv_pw = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.act2 = nn.ReLU6(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act1(self.bn1(self.conv_dw(x)))
        return self.act2(self.bn2(self.conv_pw(x)))


class MobileNetV1(Network):
    """28 layers, 27 of them convolutions; keys as in timm's ``mobilenetv1_100``.

    Published: 4.2 M parameters, 569 M MACs, 70.6 % top-1 accuracy at width 1; 2.6 M / 325 M / 68.4 % at 0.75,
    1.3 M / 149 M / 63.7 % at 0.5, 0.5 M / 41 M / 50.6 % at 0.25. The width multiplies every channel count
    (but classes), so parameters and MACs fall about with its square.

    What later code changed, and this code with it: the paper draws plain ReLUs, its authors' own code clips
    them at 6, which every published checkpoint expects. The paper's table gives the last depthwise
    layer a stride of 2 but an output as large as its input: the stride is 1.
    """

    def __init__(self, num_classes: int, in_channels: int, width: float = 1.0):
        super().__init__()
        if not width > 0:
            raise ValueError(
                f"width multiplies the channels and must be above 0 (the paper: 0.25 to 1), not {width!r}"
            )

        def ch(channels: int) -> int:
            return max(8, round(channels * width))

        def stage(*blocks: tuple[int, int, int]) -> nn.Sequential:
            return nn.Sequential(*(DepthwiseSeparable(ch(i), ch(o), stride) for i, o, stride in blocks))

        #                                                                           N x    3 x 224 x 224
        self.conv_stem = nn.Conv2d(in_channels, ch(32), 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(ch(32))
        self.act1 = nn.ReLU6(inplace=True)  #                                       N x   32 x 112 x 112
        self.blocks = nn.Sequential(
            stage((32, 64, 1)),  #                                                  N x   64 x 112 x 112
            stage((64, 128, 2), (128, 128, 1)),  #                                  N x  128 x  56 x  56
            stage((128, 256, 2), (256, 256, 1)),  #                                 N x  256 x  28 x  28
            stage((256, 512, 2), *[(512, 512, 1)] * 5),  #                          N x  512 x  14 x  14
            stage((512, 1024, 2), (1024, 1024, 1)),  #                              N x 1024 x   7 x   7
        )
        self.pool = nn.AdaptiveAvgPool2d(1)  #                                      N x 1024 x   1 x   1
        self.classifier = nn.Linear(ch(1024), num_classes)  #                       N x num_classes

    def forward(self, x: Tensor) -> Tensor:
        x = self.act1(self.bn1(self.conv_stem(x)))
        x = self.pool(self.blocks(x))
        return self.classifier(x.flatten(1))


@register(
    input_size=(3, 224, 224),
    num_classes=1000,
    parameters=4_231_976,
    macs=568_740_352,
    paper="Howard et al. 2017, MobileNets: Efficient Convolutional Neural Networks for Mobile Vision "
    "Applications, arXiv:1704.04861",
    error=Error("ImageNet validation", top1=29.4, how="single crop", source="table 8"),
)
def mobilenet_v1(num_classes: int, in_channels: int, *, width: float = 1.0) -> MobileNetV1:
    return MobileNetV1(num_classes, in_channels, width)
