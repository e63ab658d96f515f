"""A tiny problem that trains in milliseconds: is the bright half left or right?"""

import numpy as np
import pytest
import torch
from torch import nn


@pytest.fixture
def halves():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 100, (96, 1, 8, 8), dtype=np.uint8)
    labels = rng.integers(0, 2, 96)
    for image, label in zip(images, labels, strict=True):
        image[0, :, 4 * label : 4 * label + 4] += 60
    return images, labels


@pytest.fixture
def small_net():
    """A function that makes the same small network each time: batch norm and dropout included."""

    def make(classes: int = 2) -> nn.Module:
        torch.manual_seed(1)
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1, bias=False),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(16, classes),
        )

    return make
