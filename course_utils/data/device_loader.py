"""A loader for sets that fit on the device: no workers, no copies, one gather a batch.

The images stay on the device as bytes. A batch is picked, scaled to 0..1, augmented and
normalised there, all of it as tensor operations on the whole batch: at the size of this
course's data that beats a pool of worker processes on a CPU and by far on a GPU.
For sets that do not fit, use ``torch.utils.data.DataLoader``: the training loop takes either.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from course_utils.data.augment import Augmentation, Batch


class DeviceLoader:
    """Batches ``(images, labels)`` from arrays that live on ``device``.

    Args:
        images: uint8, ``(N, H, W)`` or ``(N, C, H, W)``; numpy array or tensor.
        labels: integers, ``(N,)``.
        batch_size: images a batch; the last one of an epoch may be smaller.
        shuffle: a new order every epoch, drawn from ``seed`` and the epoch alone, so that
            epoch 7 is the same whether or not a run was interrupted before it.
        augment: augmentations of :mod:`course_utils.data.augment`, applied in order to
            images in 0..1, before normalisation.
        mean, std: per channel, in 0..1; default: those of ``images``. Give the training
            set's to the loaders of validation and test sets (``like=`` does).
        like: another ``DeviceLoader`` whose ``mean`` and ``std`` to use.
        drop_last: leave out a smaller last batch.

    Iterating yields float32 ``(B, C, H, W)`` and int64 ``(B,)`` (or soft labels ``(B, K)``
    where an augmentation mixes classes) and moves on to the next epoch; ``set_epoch``
    chooses it.

    Raises:
        TypeError: ``images`` are not uint8 or ``labels`` not integers.
        ValueError: shapes that do not fit (of ``mean`` and ``std``, too), an empty set, a batch size below 1.
    """

    def __init__(
        self,
        images: np.ndarray | Tensor,
        labels: np.ndarray | Tensor,
        batch_size: int,
        *,
        device: str | torch.device = "cpu",
        shuffle: bool = False,
        augment: Sequence[Augmentation] = (),
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        like: DeviceLoader | None = None,
        drop_last: bool = False,
        seed: int = 0,
    ):
        images, labels = torch.as_tensor(images), torch.as_tensor(labels)
        if images.dtype != torch.uint8:
            raise TypeError(f"images have dtype {images.dtype}: expected uint8, 0 to 255")
        if labels.dtype.is_floating_point or labels.dtype == torch.bool:
            raise TypeError(f"labels have dtype {labels.dtype}: expected integers, one class number an image")
        if images.ndim == 3:
            images = images.unsqueeze(1)
        if images.ndim != 4:
            raise ValueError(f"images have shape {tuple(images.shape)}: expected (N, H, W) or (N, C, H, W)")
        if labels.shape != images.shape[:1]:
            raise ValueError(
                f"labels have shape {tuple(labels.shape)}: expected ({len(images)},), one an image"
            )
        if len(images) == 0:
            raise ValueError("images is empty: a loader needs at least one image")
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}: expected at least 1")
        if drop_last and len(images) < batch_size:
            raise ValueError(
                f"batch_size {batch_size} is larger than the set of {len(images)} and drop_last is on"
            )

        self.images = images.to(device)
        self.labels = labels.long().to(device)
        self.batch_size, self.shuffle, self.drop_last, self.seed = batch_size, shuffle, drop_last, seed
        self.augment = tuple(augment)
        self.epoch = 0
        if like is not None:
            self.mean, self.std = like.mean.to(device), like.std.to(device)
        else:
            measured = None if mean is not None and std is not None else channel_statistics(self.images)
            self.mean = measured[0] if mean is None else _per_channel("mean", mean, self.images)
            self.std = measured[1] if std is None else _per_channel("std", std, self.images)

    def __len__(self) -> int:
        whole, rest = divmod(len(self.images), self.batch_size)
        return whole if self.drop_last else whole + (rest > 0)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch (from 0) that the next iteration will be."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        device, epoch = self.images.device, self.epoch
        self.epoch += 1
        # One stream of random numbers an epoch, a function of (seed, epoch) and nothing else.
        generator = torch.Generator(device).manual_seed((self.seed * 1_000_003 + epoch) % 2**63)
        n = len(self.images)
        order = torch.randperm(n, generator=generator, device=device) if self.shuffle else None
        scale = 255 * self.std.view(-1, 1, 1)
        shift = 255 * self.mean.view(-1, 1, 1)
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            stop = min(start + self.batch_size, n)
            if order is None:
                index = torch.arange(start, stop, device=device)
                images, labels = self.images[start:stop], self.labels[start:stop]
            else:
                index = order[start:stop]
                images, labels = self.images[index], self.labels[index]
            if not self.augment:
                yield images.float().sub_(shift).div_(scale), labels
                continue
            batch = Batch(images.float().div_(255), labels, index, epoch, generator)
            for augmentation in self.augment:
                batch = augmentation(batch)
            yield (batch.images - self.mean.view(-1, 1, 1)) / self.std.view(-1, 1, 1), batch.labels


def _per_channel(name: str, values: Sequence[float], images: Tensor) -> Tensor:
    values = torch.as_tensor(values, dtype=torch.float32, device=images.device)
    if values.shape != images.shape[1:2]:
        raise ValueError(
            f"{name} has shape {tuple(values.shape)}: expected ({images.shape[1]},), one a channel"
        )
    return values


def channel_statistics(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel of uint8 ``(N, C, H, W)``, in 0..1, each ``(C,)``.

    Exact (integer sums from a 256-bin histogram a channel), whatever the size of the set.
    A constant channel gets standard deviation 1, so that normalising it gives zeros.
    """
    values = torch.arange(256, dtype=torch.float64)
    means, stds = [], []
    for channel in images.unbind(1):
        counts = torch.bincount(channel.flatten(), minlength=256).cpu().double()  # MPS has no float64
        mean = (counts * values).sum() / counts.sum()
        std = ((counts * (values - mean) ** 2).sum() / counts.sum()).sqrt()
        means.append(mean / 255)
        stds.append(std / 255 if std > 0 else torch.tensor(1.0, dtype=torch.float64))
    device = images.device
    return torch.stack(means).float().to(device), torch.stack(stds).float().to(device)
