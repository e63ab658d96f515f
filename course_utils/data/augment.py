"""Augmentations of a whole batch at once, on whatever device it lives.

Each one is a callable from :class:`Batch` to :class:`Batch`. Images are float, 0..1,
``(B, C, H, W)``. All random numbers come from the batch's generator, so a seed decides
everything. Combine them by giving a list to
:class:`~course_utils.data.device_loader.DeviceLoader`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """What an augmentation sees.

    ``images`` float 0..1 ``(B, C, H, W)``; ``labels`` int64 ``(B,)`` or soft ``(B, K)``;
    ``index`` the images' places in the set, ``(B,)``; ``epoch`` from 0; ``generator`` the
    source of all random numbers, on the images' device.
    """

    images: Tensor
    labels: Tensor
    index: Tensor
    epoch: int
    generator: torch.Generator

    def uniform(self, *shape: int) -> Tensor:
        """Numbers from [0, 1) of this shape, on the images' device."""
        return torch.rand(shape, generator=self.generator, device=self.images.device)

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Integers ``low <= i < high`` of this shape, on the images' device."""
        return torch.randint(low, high, shape, generator=self.generator, device=self.images.device)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal numbers of this shape, on the images' device."""
        return torch.randn(shape, generator=self.generator, device=self.images.device)


Augmentation = Callable[[Batch], Batch]


def _where_each(condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Image by image: ``a`` where the condition ``(B,)`` holds, else ``b``."""
    return torch.where(condition.view(-1, 1, 1, 1), a, b)


@dataclass(frozen=True)
class Flip:
    """Mirror each image left to right with probability ``p``, anew each epoch."""

    p: float = 0.5

    def __call__(self, batch: Batch) -> Batch:
        coin = batch.uniform(len(batch.images)) < self.p
        return replace(batch, images=_where_each(coin, batch.images.flip(-1), batch.images))


@dataclass(frozen=True)
class AlternatingFlip:
    """Mirror a random half of the set in even epochs and the other half in odd ones.

    Two epochs in a row show every image both ways exactly once; independent coins
    would show a quarter of them the same way twice (Keller Jordan, "94% on CIFAR-10 in 3.29
    seconds on a single GPU", arXiv:2404.00498).
    """

    seed: int = 0

    def __call__(self, batch: Batch) -> Batch:
        # A fixed coin for each image: a multiplicative hash of its place in the set.
        coin = ((batch.index + 1 + self.seed * 7919) * 2654435761 >> 15) & 1
        mirrored = (coin + batch.epoch) % 2 == 0
        return replace(batch, images=_where_each(mirrored, batch.images.flip(-1), batch.images))


@dataclass(frozen=True)
class PaddedCrop:
    """Shift each image by up to ``padding`` pixels each way; what comes in is ``mode``.

    Pads all four sides by ``padding`` and cuts a window of the old size at a random place.
    ``mode`` is ``"reflect"`` or ``"constant"`` (black), as in ``torch.nn.functional.pad``.
    """

    padding: int = 2
    mode: str = "reflect"

    def __call__(self, batch: Batch) -> Batch:
        b, c, h, w = batch.images.shape
        padded = F.pad(batch.images, (self.padding,) * 4, mode=self.mode)
        top = batch.integers(0, 2 * self.padding + 1, b)
        left = batch.integers(0, 2 * self.padding + 1, b)
        rows = top.view(-1, 1, 1, 1) + torch.arange(h, device=top.device).view(1, 1, -1, 1)
        columns = left.view(-1, 1, 1, 1) + torch.arange(w, device=top.device).view(1, 1, 1, -1)
        rows = rows.expand(b, c, h, padded.shape[3])
        columns = columns.expand(b, c, h, w)
        return replace(batch, images=padded.gather(2, rows).gather(3, columns))


@dataclass(frozen=True)
class ColorJitter:
    """Scale brightness, contrast and saturation, each by a factor from ``[1 - x, 1 + x]``."""

    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2

    def __call__(self, batch: Batch) -> Batch:
        images = batch.images
        b = len(images)

        def factor(amount: float) -> Tensor:
            return 1 + amount * (2 * batch.uniform(b, 1, 1, 1) - 1)

        images = images * factor(self.brightness)
        centre = images.mean((1, 2, 3), keepdim=True)
        images = centre + (images - centre) * factor(self.contrast)
        if images.shape[1] > 1:
            grey = images.mean(1, keepdim=True)
            images = grey + (images - grey) * factor(self.saturation)
        return replace(batch, images=images.clamp(0, 1))


@dataclass(frozen=True)
class Cutout:
    """Blank a square of ``size`` pixels, its centre anywhere in the image (DeVries, Taylor 2017).

    ``fill`` is the grey value 0..1 that replaces it.
    """

    size: int = 8
    fill: float = 0.5

    def __call__(self, batch: Batch) -> Batch:
        b, _, h, w = batch.images.shape
        device = batch.images.device

        def covered(length: int) -> Tensor:
            first = batch.integers(0, length, b, 1) - self.size // 2
            place = torch.arange(length, device=device)
            return (place >= first) & (place < first + self.size)

        square = covered(h).view(b, 1, h, 1) & covered(w).view(b, 1, 1, w)
        return replace(batch, images=batch.images.masked_fill(square, self.fill))


@dataclass(frozen=True)
class Mixup:
    """Mix each image, and its label, with another of the batch (Zhang et al. 2018).

    One weight a batch from Beta(``alpha``, ``alpha``). Labels become soft, ``(B, classes)``.

    Raises:
        ValueError: ``alpha`` is not above 0.
    """

    classes: int
    alpha: float = 0.2

    def __post_init__(self):
        if not self.alpha > 0:
            raise ValueError(f"alpha is {self.alpha!r}: expected a number above 0")

    def __call__(self, batch: Batch) -> Batch:
        seed = batch.integers(0, 2**31, 1).item()  # torch's own Beta takes no generator
        weight = np.random.default_rng(seed).beta(self.alpha, self.alpha)
        other = torch.randperm(len(batch.images), generator=batch.generator, device=batch.images.device)
        labels = batch.labels
        if labels.ndim == 1:
            labels = F.one_hot(labels, self.classes).float()
        return replace(
            batch,
            images=weight * batch.images + (1 - weight) * batch.images[other],
            labels=weight * labels + (1 - weight) * labels[other],
        )


# Covariance of ImageNet's RGB values, in 0..1: standard deviations along its principal axes, and the
# axes as columns. As published with Torch's ImageNet training code (facebook/fb.resnet.torch).
IMAGENET_EIGENVALUES = (0.2175, 0.0188, 0.0045)
IMAGENET_EIGENVECTORS = (
    (-0.5675, 0.7192, 0.4009),
    (-0.5808, -0.0045, -0.8140),
    (-0.5836, -0.6948, 0.4203),
)


@dataclass(frozen=True)
class PCALighting:
    """AlexNet's colour augmentation: add a random multiple of the colours' principal axes.

    For each image, ``sum_k axis_k * a_k * lambda_k`` with ``a_k`` from N(0, ``std``), the same
    for all its pixels (Krizhevsky et al. 2012, section 4.1: std 0.1). RGB images only.
    """

    std: float = 0.1

    def __call__(self, batch: Batch) -> Batch:
        b, channels = batch.images.shape[:2]
        if channels != 3:
            raise ValueError(f"images have {channels} channels: PCA lighting needs RGB, 3 channels")
        like = {"device": batch.images.device, "dtype": batch.images.dtype}
        axes, values = torch.tensor(IMAGENET_EIGENVECTORS, **like), torch.tensor(IMAGENET_EIGENVALUES, **like)
        amounts = self.std * batch.normal(b, 3) * values
        return replace(batch, images=batch.images + (amounts @ axes.T).view(b, 3, 1, 1))
