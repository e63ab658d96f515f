"""Squeeze-and-Excitation: a network inside each block that decides how much each channel counts.

Keys as in timm's ``seresnet50`` and ``seresnext50_32x4d``.
"""

from functools import partial

from torch import Tensor, nn

from .registry import Error, register
from .resnet import Bottleneck, ResNet

_SENET = {
    "input_size": (3, 224, 224),
    "num_classes": 1000,
    "paper": "Hu, Shen, Albanie, Sun, Wu 2017, Squeeze-and-Excitation Networks, arXiv:1709.01507",
}


class SqueezeExcite(nn.Module):
    """Multiplies every channel by a number in (0, 1) that depends on the means of all channels.

    Two fully connected layers with channels / `reduction` units between them: about
    2 * channels^2 / reduction parameters and, since they run once an image and not once a position, as few
    multiply-adds. Shapes (N, C, H, W) to (N, C, H, W).

    Raises:
        ValueError: `channels` do not divide by `reduction`.
    """

    def __init__(self, channels: int, reduction: int = 16):
        super().__init__()
        if channels % reduction:
            raise ValueError(f"channels={channels} do not divide by reduction={reduction}")
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)  # linear layers, in timm's shape
        self.relu = nn.ReLU(inplace=True)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:  #    N x C x H x W
        s = self.pool(x)  #             squeeze:  N x C x 1 x 1
        s = self.relu(self.fc1(s))  #   excite:   N x C/16 x 1 x 1
        s = self.gate(self.fc2(s))  #             N x C x 1 x 1
        return x * s


class SEBottleneck(Bottleneck):
    """A `Bottleneck` whose branch passes through `SqueezeExcite` before it is added to the shortcut.

    Published: SE-ResNet-50 has 3.87 x 10^9 multiply-adds (``stride_in_1x1=True``), ResNet-50 3.86;
    SE-ResNeXt-50 has 4.25 x 10^9, ResNeXt-50 4.24. Each has a tenth more parameters.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, **options):
        super().__init__(in_channels, out_channels, stride, **options)
        self.se = SqueezeExcite(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.se(self.bn3(self.conv3(out)))
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


@register(
    **_SENET,
    parameters=28_088_024,
    macs=4_091_699_200,
    error=Error("ImageNet validation", 23.29, 6.62, "1 crop; ResNet-50 likewise 24.80 / 7.48", "table 2"),
)
def se_resnet50(num_classes: int, in_channels: int, *, stride_in_1x1: bool = False) -> ResNet:
    block = partial(SEBottleneck, stride_in_1x1=stride_in_1x1)
    return ResNet(block, [3, 4, 6, 3], 256, num_classes, in_channels)


@register(
    **_SENET,
    parameters=27_559_896,
    macs=4_232_994_816,
    error=Error("ImageNet validation", 21.10, 5.49, "1 crop; ResNeXt-50 likewise 22.11 / 5.90", "table 2"),
)
def se_resnext50_32x4d(num_classes: int, in_channels: int) -> ResNet:
    return ResNet(partial(SEBottleneck, widen=2, groups=32), [3, 4, 6, 3], 256, num_classes, in_channels)
