"""Small networks of every shape that matters here: in-place ReLU, batch norm, maps before vectors."""

import numpy as np
import pytest
import torch
from torch import nn

from course_utils.data.device_loader import DeviceLoader


class Chain(nn.Sequential):
    """Two convolutions and a linear head on 1x8x8 images."""

    input_size = (1, 8, 8)

    def __init__(self, classes: int = 2):
        super().__init__(
            nn.Conv2d(1, 4, 3, padding=1, bias=False),
            nn.BatchNorm2d(4),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(4, 6, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(6, classes),
        )


@pytest.fixture
def make_chain():
    def make(classes: int = 2, seed: int = 1) -> Chain:
        torch.manual_seed(seed)
        return Chain(classes)

    return make


@pytest.fixture
def chain(make_chain):
    return make_chain()


@pytest.fixture
def stripes():
    """Four classes of noisy 8x8 images: the bright stripe's place and direction."""
    rng = np.random.default_rng(0)
    labels = np.arange(160) % 4
    images = rng.integers(0, 90, (160, 1, 8, 8), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        place = slice(0, 3) if label % 2 else slice(5, 8)
        image[0][(place, slice(None)) if label < 2 else (slice(None), place)] += 120
    return images, labels


@pytest.fixture
def loader(stripes):
    return DeviceLoader(*stripes, 50)
