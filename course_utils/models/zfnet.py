"""ZFNet: AlexNet with a finer first layer, found by looking at what AlexNet's filters had learnt."""

from torch import Tensor, nn

from .alexnet import local_response_norm
from .network import Network
from .registry import Error, register


class ZFNet(Network):
    """AlexNet with 7x7 stride 2 and 5x5 stride 2 in place of 11x11 stride 4 and 5x5 stride 1, in one tower.

    Published (table 2): top-1/top-5 error 38.4/16.5 % with 384-384-256 maps in the last three convolutions
    (figure 3), 37.5/16.0 % with 512-1024-512; no parameter or operation counts.

    What later code changed: nothing here, but the pooling has to round its sizes up to give the 55, 13 and
    6 of figure 3. Caffe2's "zfnet512" instead drops the padding of the first layer and pools 2x2 at the
    end; it has 512-512-512 maps, hidden layers of 4096 and 1024, and 87,250,536 parameters. The 11.7 % that
    lectures credit to ZFNet is the challenge entry of Zeiler's company Clarifai.

    Args:
        channels: maps of the third, fourth and fifth convolution.
        hidden: width of the two hidden layers.
    """

    def __init__(
        self, channels: tuple[int, int, int], hidden: tuple[int, int], num_classes: int, in_channels: int
    ):
        super().__init__()
        conv3, conv4, conv5 = channels
        fc6, fc7 = hidden
        self.features = nn.Sequential(  #                                    N x   3 x 224 x 224
            nn.Conv2d(in_channels, 96, kernel_size=7, stride=2, padding=1),  # N x  96 x 110 x 110
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),  #        N x  96 x  55 x  55
            local_response_norm(),
            nn.Conv2d(96, 256, kernel_size=5, stride=2),  #                  N x 256 x  26 x  26
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),  #        N x 256 x  13 x  13
            local_response_norm(),
            nn.Conv2d(256, conv3, kernel_size=3, padding=1),  #              N x conv3 x 13 x 13
            nn.ReLU(inplace=True),
            nn.Conv2d(conv3, conv4, kernel_size=3, padding=1),  #            N x conv4 x 13 x 13
            nn.ReLU(inplace=True),
            nn.Conv2d(conv4, conv5, kernel_size=3, padding=1),  #            N x conv5 x 13 x 13
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),  #        N x conv5 x 6 x 6
        )
        self.classifier = nn.Sequential(
            nn.Linear(conv5 * 6 * 6, fc6),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(fc6, fc7),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(fc7, num_classes),  #                                  N x num_classes
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).flatten(1))


_ZFNET = {
    "input_size": (3, 224, 224),
    "num_classes": 1000,
    "paper": "Zeiler, Fergus 2013, Visualizing and Understanding Convolutional Networks, arXiv:1311.2901",
}


@register(
    **_ZFNET,
    parameters=107_627_624,
    macs=2_476_704_896,
    error=Error("ImageNet validation", 37.5, 16.0, source="table 2"),
)
def zfnet(num_classes: int, in_channels: int) -> ZFNet:
    return ZFNet((512, 1024, 512), (4096, 4096), num_classes, in_channels)


@register(
    **_ZFNET,
    parameters=62_357_608,
    macs=1_168_032_896,
    error=Error("ImageNet validation", 38.4, 16.5, source="table 2"),
)
def zfnet_384(num_classes: int, in_channels: int) -> ZFNet:
    return ZFNet((384, 384, 256), (4096, 4096), num_classes, in_channels)
