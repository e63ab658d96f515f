"""LeNet-5, the digit reader of 1998, and the wider 20-50-500 network that Caffe made of it."""

from torch import Tensor, nn

from .network import Network
from .registry import Error, register

_PAPER = "LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition, Proc. IEEE 86(11)"


class LeNet5(Network):
    """Two rounds of 5x5 convolution and 2x2 averaging, then three fully connected layers.

    Published: 60,000 trainable parameters, MNIST error 0.95 % (0.8 % with distorted training images).

    What later code changed, and this code with it (hence 61,706 parameters, 416,520 MACs):
    the paper's second convolution connects each of its 16 maps to only 3, 4 or 6 of the 6 maps before
    (1,516 parameters instead of 2,416); its averaging layers scale and shift each map with two trainable
    numbers (12 + 32 parameters); its tanh is stretched to 1.7159 tanh(2x/3); its output compares F6 with a
    fixed 7x12 picture of each digit (nothing to train; here a linear layer, 850 parameters).
    """

    def __init__(self, num_classes: int, in_channels: int):
        super().__init__()
        self.features = nn.Sequential(  #                               N x  1 x 32 x 32
            nn.Conv2d(in_channels, 6, kernel_size=5),  # C1             N x  6 x 28 x 28
            nn.Tanh(),
            nn.AvgPool2d(kernel_size=2),  #              S2             N x  6 x 14 x 14
            nn.Conv2d(6, 16, kernel_size=5),  #          C3             N x 16 x 10 x 10
            nn.Tanh(),
            nn.AvgPool2d(kernel_size=2),  #              S4             N x 16 x  5 x  5
        )
        self.classifier = nn.Sequential(
            nn.Linear(16 * 5 * 5, 120),  #               C5             N x 120
            nn.Tanh(),
            nn.Linear(120, 84),  #                       F6             N x 84
            nn.Tanh(),
            nn.Linear(84, num_classes),  #               output         N x num_classes
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).flatten(1))


class LeNetCaffe(Network):
    """Twenty and fifty maps, max pooling, ReLU: the "LeNet" of Caffe's MNIST example and of many lectures.

    Nothing was published under this shape. Against the paper: padding keeps 28x28 digits at their size
    through each convolution (Caffe itself did not pad and went 24-12-8-4), max pooling and ReLU replace
    averaging and tanh, and the hidden layer of 500 holds 98 % of the 1,256,080 parameters.
    """

    def __init__(self, num_classes: int, in_channels: int):
        super().__init__()
        self.features = nn.Sequential(  #                               N x  1 x 28 x 28
            nn.Conv2d(in_channels, 20, kernel_size=5, padding=2),  #    N x 20 x 28 x 28
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2),  #                             N x 20 x 14 x 14
            nn.Conv2d(20, 50, kernel_size=5, padding=2),  #             N x 50 x 14 x 14
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=2),  #                             N x 50 x  7 x  7
        )
        self.classifier = nn.Sequential(
            nn.Linear(50 * 7 * 7, 500),  #                              N x 500
            nn.ReLU(),
            nn.Linear(500, num_classes),  #                             N x num_classes
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).flatten(1))


@register(
    input_size=(1, 32, 32),
    num_classes=10,
    parameters=61_706,
    macs=416_520,
    paper=_PAPER,
    error=Error("MNIST", top1=0.95, how="no distortions", source="section III"),
)
def lenet5(num_classes: int, in_channels: int) -> LeNet5:
    return LeNet5(num_classes, in_channels)


@register(input_size=(1, 28, 28), num_classes=10, parameters=1_256_080, macs=6_522_000, paper=_PAPER)
def lenet_20_50_500(num_classes: int, in_channels: int) -> LeNetCaffe:
    return LeNetCaffe(num_classes, in_channels)
