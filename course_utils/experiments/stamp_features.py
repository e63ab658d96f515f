"""What a linear classifier gets to see of a stamp: features made by hand, and a network's."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from course_utils import models
from course_utils.data import stamps
from course_utils.features import HOG, ColorHistogram, Pixels
from course_utils.models import load_pretrained, preprocess
from course_utils.transfer import features

NETWORK = "squeezenet1_1"
SIDE = 224  # pixels: what the network was trained on
BATCH = 32


def describe(kind: str, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (191, D) of all stamps at ``side`` x ``side`` pixels on white, and labels.

    ``kind``: ``"pixels"``; ``"colour"`` (512 bins); ``"HOG"`` (8 x 8 cells, whatever the side);
    ``"colour and HOG"``; or ``"network"``, SqueezeNet 1.1 trained on ImageNet, its last maps' means.
    """
    images, labels, _ = stamps("all", side)
    if kind == "network":
        return features(pretrained(), batches(images, labels))
    described = [MADE_BY_HAND[part](side).fit(images).transform(images) for part in kind.split(" and ")]
    return np.hstack(described), labels


MADE_BY_HAND = {
    "pixels": lambda side: Pixels(),
    "colour": lambda side: ColorHistogram(),
    "HOG": lambda side: HOG(cell=side // 8),
}


@functools.cache
def pretrained() -> nn.Module:
    """The network with its shipped ImageNet weights, in evaluation mode. Not to be trained: copy it."""
    return load_pretrained(models.create(NETWORK)).eval()


def batches(images: np.ndarray, labels: np.ndarray) -> Iterator[tuple[torch.Tensor, np.ndarray]]:
    """The images (N, 3, H, W) as the network wants them, the whole picture enlarged to 224 x 224."""
    for start in range(0, len(images), BATCH):
        some = [image.transpose(1, 2, 0) for image in images[start : start + BATCH]]
        yield preprocess(some, SIDE, SIDE), labels[start : start + BATCH]
