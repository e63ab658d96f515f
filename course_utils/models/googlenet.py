"""GoogLeNet (Inception-v1) as published in 2014 and as torchvision has it, and a naive inception module."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .imagenet import to_unit_range
from .network import Network
from .registry import Error, register


class Conv(nn.Module):
    """Convolution and ReLU; between them batch normalisation, which did not exist in 2014, or a bias."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, stride: int = 1, batch_norm: bool = False
    ):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=not batch_norm)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001) if batch_norm else nn.Identity()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.bn(self.conv(x)))


class NaiveInception(nn.Module):
    """1x1, 3x3, 5x5 and pooling side by side (figure 2a): correct, and too expensive.

    On 28x28x256 with 128, 192 and 96 maps it takes 854 million multiply-adds, and since the pooled branch
    keeps all its maps, each module can only give more than it gets.
    """

    def __init__(self, in_channels: int, ch1x1: int, ch3x3: int, ch5x5: int, conv: Callable = Conv):
        super().__init__()
        self.branch1 = conv(in_channels, ch1x1, 1)
        self.branch2 = conv(in_channels, ch3x3, 3)
        self.branch3 = conv(in_channels, ch5x5, 5)
        self.branch4 = nn.MaxPool2d(3, stride=1, padding=1)

    def forward(self, x: Tensor) -> Tensor:  # N x in_channels x H x W
        branches = self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)
        return torch.cat(branches, dim=1)  # N x (ch1x1 + ch3x3 + ch5x5 + in_channels) x H x W


class Inception(nn.Module):
    """The module with dimension reduction (figure 2b): 1x1 convolutions thin out what the larger ones get.

    Args:
        ch1x1: maps of the 1x1 branch.
        ch3x3: maps of the 3x3 branch, (reduced to, given).
        ch5x5: maps of the 5x5 branch, (reduced to, given).
        pool: maps to which the pooled branch is projected.
        kernel5: 3 where the "5x5" branch really has 3x3, as in torchvision.
    """

    def __init__(
        self,
        in_channels: int,
        ch1x1: int,
        ch3x3: tuple[int, int],
        ch5x5: tuple[int, int],
        pool: int,
        conv: Callable = Conv,
        kernel5: int = 5,
    ):
        super().__init__()
        self.branch1 = conv(in_channels, ch1x1, 1)
        self.branch2 = nn.Sequential(conv(in_channels, ch3x3[0], 1), conv(*ch3x3, 3))
        self.branch3 = nn.Sequential(conv(in_channels, ch5x5[0], 1), conv(*ch5x5, kernel5))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), conv(in_channels, pool, 1))

    def forward(self, x: Tensor) -> Tensor:  # N x in_channels x H x W
        branches = self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)
        return torch.cat(branches, dim=1)  # N x (ch1x1 + ch3x3[1] + ch5x5[1] + pool) x H x W


class AuxiliaryHead(nn.Module):
    """A small classifier half-way up: it feeds gradients to the layers below and goes after training."""

    def __init__(self, in_channels: int, num_classes: int, pool: nn.Module, conv: Callable = Conv):
        super().__init__()
        self.pool = pool
        self.conv = conv(in_channels, 128, 1)
        self.fc1 = nn.Linear(128 * 4 * 4, 1024)
        self.relu = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout(0.7)
        self.fc2 = nn.Linear(1024, num_classes)

    def forward(self, x: Tensor) -> Tensor:  #  N x in_channels x 14 x 14
        x = self.conv(self.pool(x))  #          N x 128 x 4 x 4
        x = self.relu(self.fc1(x.flatten(1)))  # N x 1024
        return self.fc2(self.dropout(x))  #     N x num_classes


class GoogLeNetOutputs(NamedTuple):
    """What a GoogLeNet with auxiliary heads returns in training; each is ``(N, num_classes)``."""

    logits: Tensor
    aux_logits2: Tensor
    aux_logits1: Tensor


class GoogLeNet(Network):
    """22 layers deep: a stem, nine inception modules, the average over all positions, one linear layer.

    Published: the rows of table 1 add up to 6.8 million parameters, the text says 1.5 x 10^9 multiply-adds;
    counting gives 6,998,552 (13,378,280 with both auxiliary heads), 8.7 times fewer than AlexNet has, not the
    12 times of the abstract. Top-5 error 10.07 % of one network on one crop, 6.67 % of seven on 144 crops.

    What later code changed (`as_published` False, torchvision's network): batch normalisation in place of
    biases and local response normalisation; 3x3 in the "5x5" branch, an old slip that trained weights now
    depend on; 2x2 in place of 3x3 in the fourth pooling; less dropout. Layer names are torchvision's, whose
    checkpoint loads into this code.

    Args:
        as_published: the network of the paper, or torchvision's.
        aux_logits: give it two auxiliary heads; in training it then returns `GoogLeNetOutputs`. The paper
            adds their losses with a weight of 0.3.
        transform_input: map what `preprocess` gives to [-1, 1], on which torchvision's weights were trained.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        *,
        as_published: bool,
        aux_logits: bool,
        transform_input: bool = False,
    ):
        super().__init__()
        if transform_input and in_channels != 3:
            raise ValueError(f"transform_input is for 3 channels (RGB), not {in_channels}")
        self.transform_input = transform_input
        conv = partial(Conv, batch_norm=not as_published)
        module = partial(Inception, conv=conv, kernel5=5 if as_published else 3)
        norm = partial(nn.LocalResponseNorm, size=5) if as_published else nn.Identity
        pool = partial(nn.MaxPool2d, stride=2, ceil_mode=True)

        #                                                                      N x    3 x 224 x 224
        self.conv1 = conv(in_channels, 64, 7, stride=2)  #                     N x   64 x 112 x 112
        self.maxpool1 = pool(3)  #                                             N x   64 x  56 x  56
        self.norm1 = norm()
        self.conv2 = conv(64, 64, 1)  #                                        N x   64 x  56 x  56
        self.conv3 = conv(64, 192, 3)  #                                       N x  192 x  56 x  56
        self.norm2 = norm()
        self.maxpool2 = pool(3)  #                                             N x  192 x  28 x  28
        self.inception3a = module(192, 64, (96, 128), (16, 32), 32)  #         N x  256 x  28 x  28
        self.inception3b = module(256, 128, (128, 192), (32, 96), 64)  #       N x  480 x  28 x  28
        self.maxpool3 = pool(3)  #                                             N x  480 x  14 x  14
        self.inception4a = module(480, 192, (96, 208), (16, 48), 64)  #        N x  512 x  14 x  14
        self.inception4b = module(512, 160, (112, 224), (24, 64), 64)  #       N x  512 x  14 x  14
        self.inception4c = module(512, 128, (128, 256), (24, 64), 64)  #       N x  512 x  14 x  14
        self.inception4d = module(512, 112, (144, 288), (32, 64), 64)  #       N x  528 x  14 x  14
        self.inception4e = module(528, 256, (160, 320), (32, 128), 128)  #     N x  832 x  14 x  14
        self.maxpool4 = pool(3 if as_published else 2)  #                      N x  832 x   7 x   7
        self.inception5a = module(832, 256, (160, 320), (32, 128), 128)  #     N x  832 x   7 x   7
        self.inception5b = module(832, 384, (192, 384), (48, 128), 128)  #     N x 1024 x   7 x   7
        self.aux1 = self.aux2 = None
        if aux_logits:
            squeeze = partial(nn.AvgPool2d, 5, stride=3) if as_published else partial(nn.AdaptiveAvgPool2d, 4)
            self.aux1 = AuxiliaryHead(512, num_classes, squeeze(), conv)  #    N x num_classes, from 4a
            self.aux2 = AuxiliaryHead(528, num_classes, squeeze(), conv)  #    N x num_classes, from 4d
        self.avgpool = nn.AdaptiveAvgPool2d(1)  #                              N x 1024 x   1 x   1
        self.dropout = nn.Dropout(0.4 if as_published else 0.2)
        self.fc = nn.Linear(1024, num_classes)  #                              N x num_classes
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor | GoogLeNetOutputs:
        if self.transform_input:
            x = to_unit_range(x)
        x = self.norm1(self.maxpool1(self.conv1(x)))
        x = self.maxpool2(self.norm2(self.conv3(self.conv2(x))))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        x4a = self.inception4a(x)
        x4d = self.inception4d(self.inception4c(self.inception4b(x4a)))
        x = self.maxpool4(self.inception4e(x4d))
        x = self.inception5b(self.inception5a(x))
        logits = self.fc(self.dropout(self.avgpool(x).flatten(1)))
        if self.training and self.aux1 is not None:
            return GoogLeNetOutputs(logits, self.aux2(x4d), self.aux1(x4a))
        return logits


_GOOGLENET = {
    "input_size": (3, 224, 224),
    "num_classes": 1000,
    "paper": "Szegedy et al. 2014, Going Deeper with Convolutions, arXiv:1409.4842",
    "error": Error("ImageNet validation", top1=None, top5=10.07, how="1 crop", source="table 3"),
}


@register(**_GOOGLENET, parameters=6_998_552, macs=1_582_671_872)
def googlenet_2014(num_classes: int, in_channels: int, *, aux_logits: bool = False) -> GoogLeNet:
    return GoogLeNet(num_classes, in_channels, as_published=True, aux_logits=aux_logits)


@register(**_GOOGLENET, parameters=6_624_904, macs=1_498_376_192)
def googlenet(
    num_classes: int, in_channels: int, *, aux_logits: bool = False, transform_input: bool = False
) -> GoogLeNet:
    return GoogLeNet(
        num_classes, in_channels, as_published=False, aux_logits=aux_logits, transform_input=transform_input
    )
