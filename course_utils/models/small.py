"""The course's own small network: big enough for 90 % on Fashion-MNIST, small enough for a laptop."""

from torch import Tensor, nn

from .network import Network
from .registry import register


class SmallConvNet(Network):
    """VGG's pattern in miniature, with what came after it: batch norm and global average pooling.

    Nothing was published under this name: experiments of this course use it where the question is about
    training, not about an architecture.
    """

    def __init__(self, num_classes: int, in_channels: int, width: int):
        super().__init__()
        self.features = nn.Sequential(  #                     N x 1 x 28 x 28
            *_conv_bn_relu(in_channels, width),  #            N x 16 x 28 x 28
            *_conv_bn_relu(width, width),
            nn.MaxPool2d(kernel_size=2),  #                   N x 16 x 14 x 14
            *_conv_bn_relu(width, 2 * width),  #              N x 32 x 14 x 14
            *_conv_bn_relu(2 * width, 2 * width),
            nn.MaxPool2d(kernel_size=2),  #                   N x 32 x 7 x 7
            *_conv_bn_relu(2 * width, 4 * width),  #          N x 64 x 7 x 7
            *_conv_bn_relu(4 * width, 4 * width),
            nn.AdaptiveAvgPool2d(1),  #                       N x 64 x 1 x 1
        )
        self.classifier = nn.Linear(4 * width, num_classes)  # N x num_classes

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).flatten(1))


def _conv_bn_relu(in_channels: int, out_channels: int) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    ]


@register(
    input_size=(1, 28, 28),
    num_classes=10,
    parameters=72_666,
    macs=7_338_880,
    paper="this course",
)
def small_convnet(num_classes: int, in_channels: int, *, width: int = 16) -> SmallConvNet:
    """`width` channels in the first stage, twice and four times as many in the others."""
    return SmallConvNet(num_classes, in_channels, width)
