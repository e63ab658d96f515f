"""AlexNet in the four readings that go by this one name.

| name         | first layer      | groups | normalisation      | first linear layer sees | parameters |
|--------------|------------------|--------|--------------------|-------------------------|------------|
| alexnet_2012 | 96, no padding   | two    | before the pooling | 256 x 6 x 6             | 60,965,224 |
| alexnet_96   | 96, no padding   | one    | after the pooling  | 256 x 6 x 6             | 62,378,344 |
| alexnet_224  | 96, no padding   | one    | none               | 256 x 5 x 5             | 50,844,008 |
| alexnet      | 64, padded by 2  | one    | none               | 256 x 6 x 6             | 61,100,840 |
"""

from functools import partial

from torch import Tensor, nn

from .network import Network
from .registry import Error, register

# The paper's k = 2, n = 5, alpha = 1e-4, beta = 0.75; PyTorch divides alpha by n, the paper doesn't.
local_response_norm = partial(nn.LocalResponseNorm, size=5, alpha=5e-4, beta=0.75, k=2.0)


def classifier(features: int, num_classes: int) -> nn.Sequential:
    """Two hidden layers of 4096, each behind a dropout: over nine tenths of the parameters."""
    return nn.Sequential(  #               N x features
        nn.Dropout(0.5),
        nn.Linear(features, 4096),  #      N x 4096
        nn.ReLU(inplace=True),
        nn.Dropout(0.5),
        nn.Linear(4096, 4096),  #          N x 4096
        nn.ReLU(inplace=True),
        nn.Linear(4096, num_classes),  #   N x num_classes
    )


class AlexNet2012(Network):
    """The published network: two towers on two graphics cards that meet in the third convolution.

    Published: "60 million parameters", 650,000 neurons; top-1/top-5 error 40.7/18.2 % of one network on the
    ImageNet validation set, 38.1/16.4 % of five; 15.3 % top-5 on the 2012 test set (seven, two of them
    pretrained on more images).

    What later code changed: the paper prints an input of 224x224, but its 55x55 maps need 227, which
    Caffe's model and this one take. Groups of two stand for the two cards. Caffe normalises with k = 1 and
    an alpha a fifth as large. The paper halves activations at test for dropout; PyTorch doubles them in
    training instead.
    """

    def __init__(self, num_classes: int, in_channels: int):
        super().__init__()
        self.features = nn.Sequential(  #                                    N x   3 x 227 x 227
            nn.Conv2d(in_channels, 96, kernel_size=11, stride=4),  #         N x  96 x  55 x  55
            nn.ReLU(inplace=True),
            local_response_norm(),
            nn.MaxPool2d(kernel_size=3, stride=2),  #                        N x  96 x  27 x  27
            nn.Conv2d(96, 256, kernel_size=5, padding=2, groups=2),  #       N x 256 x  27 x  27
            nn.ReLU(inplace=True),
            local_response_norm(),
            nn.MaxPool2d(kernel_size=3, stride=2),  #                        N x 256 x  13 x  13
            nn.Conv2d(256, 384, kernel_size=3, padding=1),  #                N x 384 x  13 x  13
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 384, kernel_size=3, padding=1, groups=2),  #      N x 384 x  13 x  13
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1, groups=2),  #      N x 256 x  13 x  13
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),  #                        N x 256 x   6 x   6
        )
        self.classifier = classifier(256 * 6 * 6, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).flatten(1))


class AlexNet96(Network):
    """The simplified network of many lectures: 96 filters as in the paper, but one tower.

    Without groups it has 62.4 million parameters ("62.3M" on slides) and 57 % more multiply-adds. The reading
    with `normalise` puts the local response normalisation behind the pooling, where the paper has it before.
    The other takes the paper's 224 at its word: without padding the maps are then 54, 26 and 12 wide, and the
    first linear layer sees 5x5 of them instead of 6x6, 11.5 million parameters less.

    Args:
        side: height and width of the last map, 6 for an input of 227, 5 for 224.
    """

    def __init__(self, num_classes: int, in_channels: int, side: int, normalise: bool):
        super().__init__()
        norm = local_response_norm if normalise else nn.Identity
        self.features = nn.Sequential(  #                                    N x   3 x 227 x 227 (or 224)
            nn.Conv2d(in_channels, 96, kernel_size=11, stride=4),  #         N x  96 x  55 x  55 ( 54)
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),  #                        N x  96 x  27 x  27 ( 26)
            norm(),
            nn.Conv2d(96, 256, kernel_size=5, padding=2),  #                 N x 256 x  27 x  27 ( 26)
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),  #                        N x 256 x  13 x  13 ( 12)
            norm(),
            nn.Conv2d(256, 384, kernel_size=3, padding=1),  #                N x 384 x  13 x  13 ( 12)
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 384, kernel_size=3, padding=1),  #                N x 384 x  13 x  13 ( 12)
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1),  #                N x 256 x  13 x  13 ( 12)
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),  #                        N x 256 x   6 x   6 (  5)
        )
        self.classifier = classifier(256 * side * side, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).flatten(1))


class AlexNet(Network):
    """The one-tower network of Krizhevsky's second paper, which Torch and torchvision took up as "AlexNet".

    Published (table 1 of that paper): 42.33 % top-1 error on ImageNet, trained on one card.

    What later code changed: against 2012, 64 filters in the first layer, padded by 2 so that 224 gives 55;
    192 in the second; no groups, no normalisation. torchvision added the average pooling to 6x6, which does
    nothing at 224 and lets other sizes through; its trained weights have 43.5/20.9 % error.
    """

    def __init__(self, num_classes: int, in_channels: int):
        super().__init__()
        self.features = nn.Sequential(  #                                    N x   3 x 224 x 224
            nn.Conv2d(in_channels, 64, 11, stride=4, padding=2),  #          N x  64 x  55 x  55
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),  #                        N x  64 x  27 x  27
            nn.Conv2d(64, 192, kernel_size=5, padding=2),  #                 N x 192 x  27 x  27
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),  #                        N x 192 x  13 x  13
            nn.Conv2d(192, 384, kernel_size=3, padding=1),  #                N x 384 x  13 x  13
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1),  #                N x 256 x  13 x  13
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, kernel_size=3, padding=1),  #                N x 256 x  13 x  13
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),  #                        N x 256 x   6 x   6
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = classifier(256 * 6 * 6, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


_PAPER = "Krizhevsky, Sutskever, Hinton 2012, ImageNet Classification with Deep CNNs, NIPS"
_WEIRD_TRICK = (
    "Krizhevsky 2014, One weird trick for parallelizing convolutional neural networks, arXiv:1404.5997"
)


@register(
    input_size=(3, 227, 227),
    num_classes=1000,
    parameters=60_965_224,
    macs=724_406_816,
    paper=_PAPER,
    error=Error("ImageNet validation", 40.7, 18.2, how="average of 10 crops", source="table 2"),
)
def alexnet_2012(num_classes: int, in_channels: int) -> AlexNet2012:
    return AlexNet2012(num_classes, in_channels)


@register(input_size=(3, 227, 227), num_classes=1000, parameters=62_378_344, macs=1_135_256_096, paper=_PAPER)
def alexnet_96(num_classes: int, in_channels: int) -> AlexNet96:
    return AlexNet96(num_classes, in_channels, side=6, normalise=True)


@register(input_size=(3, 224, 224), num_classes=1000, parameters=50_844_008, macs=1_009_945_728, paper=_PAPER)
def alexnet_224(num_classes: int, in_channels: int) -> AlexNet96:
    return AlexNet96(num_classes, in_channels, side=5, normalise=False)


@register(
    input_size=(3, 224, 224),
    num_classes=1000,
    parameters=61_100_840,
    macs=714_188_480,
    paper=_WEIRD_TRICK,
    error=Error("ImageNet validation", 42.33, how="one card", source="table 1"),
)
def alexnet(num_classes: int, in_channels: int) -> AlexNet:
    return AlexNet(num_classes, in_channels)
