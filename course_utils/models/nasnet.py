"""NASNet-A: a plan drawn by hand, filled with two cells that a search on CIFAR-10 found.

Keys as in timm's ``nasnetalarge``.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .network import Network, named
from .registry import Error, register

_PAPER = (
    "Zoph, Vasudevan, Shlens, Le 2017, Learning Transferable Architectures for Scalable Image Recognition, "
    "arXiv:1707.07012"
)


def batch_norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class SameConv2d(nn.Conv2d):
    """A convolution padded to give ceil(size / stride); an odd row or column goes to the bottom or right.

    TensorFlow's "SAME". PyTorch's equal padding of all sides would read other pixels where it halves an
    even size.
    """

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        height, width = ((-(-size // stride) - 1) * stride + kernel - size for size in x.shape[-2:])
        return super().forward(F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2)))


def _pool_padding(x: Tensor, stride: int):
    """What makes 3x3 pooling with ``ceil_mode`` read the pixels that "SAME" does."""
    return 1 if stride == 1 else [size % 2 for size in x.shape[-2:]]


def avg3(x: Tensor, stride: int = 1) -> Tensor:
    """3x3 mean of the pixels inside the image, (N, C, H, W) to (N, C, ceil(H / stride), ceil(W / stride))."""
    return F.avg_pool2d(x, 3, stride, _pool_padding(x, stride), ceil_mode=True, count_include_pad=False)


def max3(x: Tensor, stride: int = 1) -> Tensor:
    """3x3 maximum, (N, C, H, W) to (N, C, ceil(H / stride), ceil(W / stride))."""
    return F.max_pool2d(x, 3, stride, _pool_padding(x, stride), ceil_mode=True)


class SeparableConv2d(nn.Module):
    """A convolution of each channel by itself, then a 1x1 across channels."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int):
        super().__init__()
        self.depthwise_conv2d = SameConv2d(
            in_channels, in_channels, kernel, stride, groups=in_channels, bias=False
        )
        self.pointwise_conv2d = nn.Conv2d(in_channels, out_channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise_conv2d(self.depthwise_conv2d(x))


class Separable(nn.Module):
    """The search's "separable convolution": ReLU, separable convolution and norm, always twice in a row."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int = 1):
        super().__init__()
        self.relu = nn.ReLU()
        self.separable_1 = SeparableConv2d(in_channels, out_channels, kernel, stride)
        self.bn_sep_1 = batch_norm(out_channels)
        self.separable_2 = SeparableConv2d(out_channels, out_channels, kernel, 1)
        self.bn_sep_2 = batch_norm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn_sep_1(self.separable_1(self.relu(x)))
        return self.bn_sep_2(self.separable_2(self.relu(x)))


def conv_1x1(in_channels: int, out_channels: int) -> nn.Module:
    """ReLU, 1x1 convolution, norm."""
    conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
    return named(act=nn.ReLU(), conv=conv, bn=batch_norm(out_channels))


class Cell(nn.Module):
    """The two inputs of every cell, the outputs of the last two cells, brought to equal size and `channels`.

    Where the last cell halved the map, `previous` is twice as large and is halved here without losing pixels:
    one 1x1 convolution reads the even rows and columns, another the odd ones.
    """

    def __init__(self, in_channels: int, previous_channels: int | None, channels: int, halve_previous: bool):
        super().__init__()
        self.conv_1x1 = conv_1x1(in_channels, channels)
        self.halve_previous = halve_previous
        if halve_previous:
            self.act = nn.ReLU()
            self.path_1 = named(
                even=nn.AvgPool2d(kernel_size=1, stride=2),
                conv=nn.Conv2d(previous_channels, channels // 2, 1, bias=False),
            )
            self.path_2 = named(
                pad=nn.ZeroPad2d((-1, 1, -1, 1)),
                odd=nn.AvgPool2d(kernel_size=1, stride=2),
                conv=nn.Conv2d(previous_channels, channels // 2, 1, bias=False),
            )
            self.final_path_bn = batch_norm(channels)
        elif previous_channels is not None:
            self.conv_prev_1x1 = conv_1x1(previous_channels, channels)

    def inputs(self, x: Tensor, previous: Tensor | None) -> tuple[Tensor, Tensor]:
        if previous is None:  # the first cell of all
            return self.conv_1x1(x), x
        if self.halve_previous:
            previous = self.act(previous)
            previous = self.final_path_bn(torch.cat([self.path_1(previous), self.path_2(previous)], dim=1))
        else:
            previous = self.conv_prev_1x1(previous)
        return self.conv_1x1(x), previous


class NormalCell(Cell):
    """Found by the search: keeps the size, gives 6 * `channels`."""

    def __init__(self, in_channels: int, previous_channels: int, channels: int, halve_previous: bool = False):
        super().__init__(in_channels, previous_channels, channels, halve_previous)
        self.comb_iter_0_left = Separable(channels, channels, 5)
        self.comb_iter_0_right = Separable(channels, channels, 3)
        self.comb_iter_1_left = Separable(channels, channels, 5)
        self.comb_iter_1_right = Separable(channels, channels, 3)
        self.comb_iter_4_left = Separable(channels, channels, 3)

    def forward(self, x: Tensor, previous: Tensor) -> Tensor:
        x, p = self.inputs(x, previous)
        sum0 = self.comb_iter_0_left(x) + self.comb_iter_0_right(p)
        sum1 = self.comb_iter_1_left(p) + self.comb_iter_1_right(p)
        sum2 = avg3(x) + p
        sum3 = avg3(p) + avg3(p)
        sum4 = self.comb_iter_4_left(x) + x
        return torch.cat([p, sum0, sum1, sum2, sum3, sum4], dim=1)


class ReductionCell(Cell):
    """Found by the search: halves the size, gives 4 * `channels`."""

    def __init__(
        self, in_channels: int, previous_channels: int | None, channels: int, halve_previous: bool = False
    ):
        super().__init__(in_channels, previous_channels, channels, halve_previous)
        p_channels = in_channels if previous_channels is None else channels
        self.comb_iter_0_left = Separable(channels, channels, 5, stride=2)
        self.comb_iter_0_right = Separable(p_channels, channels, 7, stride=2)
        self.comb_iter_1_right = Separable(p_channels, channels, 7, stride=2)
        self.comb_iter_2_right = Separable(p_channels, channels, 5, stride=2)
        self.comb_iter_4_left = Separable(channels, channels, 3)

    def forward(self, x: Tensor, previous: Tensor | None) -> Tensor:
        x, p = self.inputs(x, previous)
        sum0 = self.comb_iter_0_left(x) + self.comb_iter_0_right(p)
        sum1 = max3(x, stride=2) + self.comb_iter_1_right(p)
        sum2 = avg3(x, stride=2) + self.comb_iter_2_right(p)
        sum3 = avg3(sum0) + sum1
        sum4 = self.comb_iter_4_left(sum0) + max3(x, stride=2)
        return torch.cat([sum1, sum2, sum3, sum4], dim=1)


class NASNet(Network):
    """Three stages of N normal cells, a reduction cell between stages, F channels at the end: "N @ F".

    Channels double at each reduction; for ImageNet a convolution and two more reduction cells come first.

    Published: 4 @ 1056 has 5.3 M parameters, 564 M multiply-adds and ImageNet errors of 26.0 / 8.4, 6 @ 4032
    has 88.9 M, 23.8 x 10^9 and 17.3 / 3.8. On CIFAR-10, 6 @ 768 has 3.3 M and an error of 3.41 %, with
    cutout 2.65 %.

    Left out, as in later code: the auxiliary classifier and the dropping of paths (of more and more as
    training goes on) with which the authors trained. Their large network differs in one wire: the first
    cell after a reduction gets, beside the reduction's output, not its input but the cell before that
    (`skip_reduction_input`).
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        cells: int,
        filters: int,
        stem_channels: int,
        imagenet: bool,
        skip_reduction_input: bool = False,
    ):
        super().__init__()
        self.cells, self.imagenet, self.skip_reduction_input = cells, imagenet, skip_reduction_input
        c = filters // 24  # the first stage's `channels`: 6 * c out of a normal cell, twice doubled
        stride, padding = (2, 0) if imagenet else (1, 1)
        self.conv0 = named(
            conv=nn.Conv2d(in_channels, stem_channels, 3, stride, padding, bias=False),
            bn=batch_norm(stem_channels),
        )
        now, before = stem_channels, stem_channels  # channels of the last two outputs
        if imagenet:
            self.cell_stem_0 = ReductionCell(stem_channels, None, c // 4)
            self.cell_stem_1 = ReductionCell(c, stem_channels, c // 2, halve_previous=True)
            now, before = 2 * c, c
        for stage in range(3):
            halved = stage > 0 or imagenet
            if stage > 0:
                reduction = ReductionCell(now, before, 2**stage * c)
                self.add_module(f"reduction_cell_{stage - 1}", reduction)
                now, before = 4 * 2**stage * c, now
            for i in range(cells):
                cell = NormalCell(now, before, 2**stage * c, halve_previous=halved and i == 0)
                self.add_module(f"cell_{stage * cells + i}", cell)
                now, before = 6 * 2**stage * c, now
        self.relu = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.last_linear = nn.Linear(filters, num_classes)

    def forward(self, x: Tensor) -> Tensor:  # for 6 @ 4032                  N x    3 x 331 x 331
        x = previous = self.conv0(x)  #                                      N x   96 x 165 x 165
        if self.imagenet:
            x, previous = self.cell_stem_0(x, None), x  #                    N x  168 x  83 x  83
            x, previous = self.cell_stem_1(x, previous), x  #                N x  336 x  42 x  42
        for stage in range(3):
            if stage > 0:
                reduced = self.get_submodule(f"reduction_cell_{stage - 1}")(x, previous)
                x, previous = reduced, previous if self.skip_reduction_input else x
            for i in range(self.cells):  # stage 0:                          N x 1008 x  42 x  42
                #                          stage 1:                          N x 2016 x  21 x  21
                #                          stage 2:                          N x 4032 x  11 x  11
                x, previous = self.get_submodule(f"cell_{stage * self.cells + i}")(x, previous), x
        x = self.pool(self.relu(x))  #                                       N x 4032 x   1 x   1
        return self.last_linear(x.flatten(1))


@register(
    input_size=(3, 224, 224),
    num_classes=1000,
    parameters=5_289_978,
    macs=563_638_816,
    paper=_PAPER,
    error=Error("ImageNet validation", top1=26.0, top5=8.4, how="single crop", source="table 3"),
)
def nasnet_a_mobile(num_classes: int, in_channels: int) -> NASNet:
    return NASNet(num_classes, in_channels, cells=4, filters=1056, stem_channels=32, imagenet=True)


@register(
    input_size=(3, 331, 331),
    num_classes=1000,
    parameters=88_753_150,
    macs=23_783_414_658,
    paper=_PAPER,
    error=Error("ImageNet validation", top1=17.3, top5=3.8, how="single 331x331 crop", source="table 2"),
)
def nasnet_a_large(num_classes: int, in_channels: int) -> NASNet:
    return NASNet(
        num_classes,
        in_channels,
        cells=6,
        filters=4032,
        stem_channels=96,
        imagenet=True,
        skip_reduction_input=True,
    )


@register(
    input_size=(3, 32, 32),
    num_classes=10,
    parameters=3_328_234,
    macs=525_786_624,
    paper=_PAPER,
    error=Error("CIFAR-10", top1=3.41, how="2.65 with cutout", source="table 1"),
)
def nasnet_a_cifar(num_classes: int, in_channels: int) -> NASNet:
    return NASNet(num_classes, in_channels, cells=6, filters=768, stem_channels=96, imagenet=False)
