"""VGG: nothing but 3x3 convolutions and 2x2 pooling, eleven to nineteen layers deep."""

from torch import Tensor, nn

from .alexnet import local_response_norm
from .network import Network
from .registry import Error, register

# How many convolutions each of the five stages has: table 1 of the paper, columns A, B, D and E.
A = (1, 1, 2, 2, 2)
B = (2, 2, 2, 2, 2)
D = (2, 2, 3, 3, 3)
E = (2, 2, 4, 4, 4)


class VGG(Network):
    """Five stages, each of convolutions that keep the size and a pooling that halves it; AlexNet's head.

    Published (table 2): 133 million parameters for A and B, 134 for C, 138 for D, 144 for E. The errors are
    those of one network at one test scale (table 3).

    What later code changed: the average pooling to 7x7 does nothing at 224 and lets other sizes through. The
    ``_bn`` networks, with batch normalisation behind every convolution, were published as weights only. Layer
    names are torchvision's, whose checkpoints load into this code; it has no configuration C or A-LRN.

    Args:
        depths: convolutions in each stage.
        batch_norm: normalise the batch behind each convolution.
        one_by_one: the third convolution of a stage is 1x1 (configuration C).
        lrn: AlexNet's normalisation behind the first convolution (configuration A-LRN).
    """

    def __init__(
        self,
        depths: tuple[int, ...],
        num_classes: int,
        in_channels: int,
        batch_norm: bool = False,
        one_by_one: bool = False,
        lrn: bool = False,
    ):
        super().__init__()
        layers = []
        for channels, depth in zip((64, 128, 256, 512, 512), depths, strict=True):
            for i in range(depth):
                kernel = 1 if one_by_one and i == 2 else 3
                layers.append(nn.Conv2d(in_channels, channels, kernel, padding=kernel // 2))
                if batch_norm:
                    layers.append(nn.BatchNorm2d(channels))
                layers.append(nn.ReLU(inplace=True))
                if lrn and len(layers) == 2:
                    layers.append(local_response_norm())
                in_channels = channels
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
        #                                N x   3 x 224 x 224, and after the five stages
        #                                N x  64 x 112 x 112
        #                                N x 128 x  56 x  56
        #                                N x 256 x  28 x  28
        #                                N x 512 x  14 x  14
        self.features = nn.Sequential(*layers)  # N x 512 x 7 x 7
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),  # N x 4096
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(4096, 4096),  #        N x 4096
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(4096, num_classes),  # N x num_classes
        )
        self._initialise()

    def _initialise(self) -> None:
        """He's initialisation, which the paper lacked: its deeper networks had to start from a trained A."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


_VGG = {
    "input_size": (3, 224, 224),
    "num_classes": 1000,
    "paper": "Simonyan, Zisserman 2014, Very Deep Convolutional Networks for Large-Scale Image Recognition, "
    "arXiv:1409.1556",
}


def _error(top1: float, top5: float, how: str = "trained at scale 256") -> Error:
    return Error("ImageNet validation", top1, top5, how, source="table 3")


_JITTERED = "trained at scales 256 to 512, tested at 384"


@register(**_VGG, parameters=132_863_336, macs=7_609_090_048, error=_error(29.6, 10.4))
def vgg11(num_classes: int, in_channels: int) -> VGG:
    return VGG(A, num_classes, in_channels)


@register(**_VGG, parameters=132_863_336, macs=7_609_090_048, error=_error(29.7, 10.5))
def vgg11_lrn(num_classes: int, in_channels: int) -> VGG:
    return VGG(A, num_classes, in_channels, lrn=True)


@register(**_VGG, parameters=133_047_848, macs=11_308_466_176, error=_error(28.7, 9.9))
def vgg13(num_classes: int, in_channels: int) -> VGG:
    return VGG(B, num_classes, in_channels)


@register(**_VGG, parameters=133_638_952, macs=11_770_888_192, error=_error(27.3, 8.8, _JITTERED))
def vgg16_1x1(num_classes: int, in_channels: int) -> VGG:
    return VGG(D, num_classes, in_channels, one_by_one=True)


@register(**_VGG, parameters=138_357_544, macs=15_470_264_320, error=_error(25.6, 8.1, _JITTERED))
def vgg16(num_classes: int, in_channels: int) -> VGG:
    return VGG(D, num_classes, in_channels)


@register(**_VGG, parameters=143_667_240, macs=19_632_062_464, error=_error(25.5, 8.0, _JITTERED))
def vgg19(num_classes: int, in_channels: int) -> VGG:
    return VGG(E, num_classes, in_channels)


@register(**_VGG, parameters=132_868_840, macs=7_609_090_048)
def vgg11_bn(num_classes: int, in_channels: int) -> VGG:
    return VGG(A, num_classes, in_channels, batch_norm=True)


@register(**_VGG, parameters=133_053_736, macs=11_308_466_176)
def vgg13_bn(num_classes: int, in_channels: int) -> VGG:
    return VGG(B, num_classes, in_channels, batch_norm=True)


@register(**_VGG, parameters=138_365_992, macs=15_470_264_320)
def vgg16_bn(num_classes: int, in_channels: int) -> VGG:
    return VGG(D, num_classes, in_channels, batch_norm=True)


@register(**_VGG, parameters=143_678_248, macs=19_632_062_464)
def vgg19_bn(num_classes: int, in_channels: int) -> VGG:
    return VGG(E, num_classes, in_channels, batch_norm=True)
