"""SqueezeNet: AlexNet's accuracy with a fiftieth of its parameters."""

import torch
from torch import Tensor, nn

from .network import Network
from .registry import Error, register


class Fire(nn.Module):
    """Squeeze the channels with 1x1 convolutions, then expand them with as many 1x1 as 3x3."""

    def __init__(self, in_channels: int, squeeze: int, expand: int):
        super().__init__()
        self.squeeze = nn.Conv2d(in_channels, squeeze, kernel_size=1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, kernel_size=1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:  #     N x in_channels x H x W
        x = self.relu(self.squeeze(x))  #          N x squeeze x H x W
        both = self.expand1x1(x), self.expand3x3(x)
        return self.relu(torch.cat(both, dim=1))  # N x 2 expand x H x W


class SqueezeNet(Network):
    """A convolution, eight Fire modules, and a 1x1 convolution whose maps, averaged, are the logits.

    Published: 1.0 has 1.25 million parameters and top-1/top-5 error 42.5/19.7 % (table 2); the authors' code
    added 1.1, which reaches the same with 2.4 times less computation: a 3x3 instead of a 7x7 first layer, and
    earlier pooling.

    What later code changed: nothing; the pooling rounds sizes up as it did in Caffe. Layer names are
    torchvision's, whose checkpoints load into this code.
    """

    def __init__(self, features: nn.Sequential, num_classes: int):
        super().__init__()
        self.features = features
        self.classifier = nn.Sequential(
            nn.Dropout(0.5),
            nn.Conv2d(512, num_classes, kernel_size=1),  # N x num_classes x 13 x 13
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(1),  #                    N x num_classes x 1 x 1
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.normal_(self.classifier[1].weight, std=0.01)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x)).flatten(1)


_SQUEEZENET = {
    "input_size": (3, 224, 224),
    "num_classes": 1000,
    "paper": "Iandola et al. 2016, SqueezeNet: AlexNet-Level Accuracy with 50x Fewer Parameters and <0.5MB "
    "Model Size, arXiv:1602.07360",
}


@register(
    **_SQUEEZENET,
    parameters=1_248_424,
    macs=818_924_576,
    error=Error("ImageNet validation", 42.5, 19.7, source="table 2"),
)
def squeezenet1_0(num_classes: int, in_channels: int) -> SqueezeNet:
    features = nn.Sequential(  #                                    N x   3 x 224 x 224
        nn.Conv2d(in_channels, 96, kernel_size=7, stride=2),  #     N x  96 x 109 x 109
        nn.ReLU(inplace=True),
        nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),  #   N x  96 x  54 x  54
        Fire(96, 16, 64),  #                                        N x 128 x  54 x  54
        Fire(128, 16, 64),  #                                       N x 128 x  54 x  54
        Fire(128, 32, 128),  #                                      N x 256 x  54 x  54
        nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),  #   N x 256 x  27 x  27
        Fire(256, 32, 128),  #                                      N x 256 x  27 x  27
        Fire(256, 48, 192),  #                                      N x 384 x  27 x  27
        Fire(384, 48, 192),  #                                      N x 384 x  27 x  27
        Fire(384, 64, 256),  #                                      N x 512 x  27 x  27
        nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),  #   N x 512 x  13 x  13
        Fire(512, 64, 256),  #                                      N x 512 x  13 x  13
    )
    return SqueezeNet(features, num_classes)


@register(
    **_SQUEEZENET,
    parameters=1_235_496,
    macs=349_151_936,
    error=Error("ImageNet validation", 42.5, 19.7, how="as 1.0, according to its authors"),
)
def squeezenet1_1(num_classes: int, in_channels: int) -> SqueezeNet:
    features = nn.Sequential(  #                                    N x   3 x 224 x 224
        nn.Conv2d(in_channels, 64, kernel_size=3, stride=2),  #     N x  64 x 111 x 111
        nn.ReLU(inplace=True),
        nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),  #   N x  64 x  55 x  55
        Fire(64, 16, 64),  #                                        N x 128 x  55 x  55
        Fire(128, 16, 64),  #                                       N x 128 x  55 x  55
        nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),  #   N x 128 x  27 x  27
        Fire(128, 32, 128),  #                                      N x 256 x  27 x  27
        Fire(256, 32, 128),  #                                      N x 256 x  27 x  27
        nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),  #   N x 256 x  13 x  13
        Fire(256, 48, 192),  #                                      N x 384 x  13 x  13
        Fire(384, 48, 192),  #                                      N x 384 x  13 x  13
        Fire(384, 64, 256),  #                                      N x 512 x  13 x  13
        Fire(512, 64, 256),  #                                      N x 512 x  13 x  13
    )
    return SqueezeNet(features, num_classes)
