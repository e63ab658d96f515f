"""What networks trained on ImageNet expect: how to prepare a picture, and what the 1000 outputs mean."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

# Of the red, green and blue values of ImageNet's training images, scaled to [0, 1].
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


def preprocess(images, size: int = 224, resize: int = 256) -> Tensor:
    """Prepare pictures for any network that `load_pretrained` has loaded.

    Resize the shorter side to `resize` pixels (bicubic, antialiased), cut out the middle `size` x `size`,
    scale to [0, 1], subtract ImageNet's mean and divide by its deviation. All weights of this package share
    this one preparation; those trained with another were adapted when they were stored, or adapt their
    input themselves.

    Args:
        images: one picture or a list: each a PIL image, or bytes as an array (H, W, 3), RGB, or (H, W), grey.
        size: height and width to cut out.
        resize: what the shorter side becomes first; at least `size`.

    Returns:
        float32 (N, 3, size, size); N = 1 for a single picture.

    Raises:
        TypeError: an array is not of type uint8.
        ValueError: an array has another shape, the list is empty, or `size` exceeds `resize`.
    """
    if not 1 <= size <= resize:
        raise ValueError(f"size must be between 1 and resize ({resize}), not {size}")
    batch = images if isinstance(images, list | tuple) else [images]
    if not batch:
        raise ValueError("images is an empty list; give at least one picture")
    return torch.stack([_preprocess_one(image, size, resize) for image in batch])


def _preprocess_one(image, size: int, resize: int) -> Tensor:
    pixels = _rgb_bytes(image)
    x = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float()  # 1 x 3 x H x W
    height, width = x.shape[2:]
    scale = resize / min(height, width)
    height, width = max(resize, round(height * scale)), max(resize, round(width * scale))
    x = F.interpolate(x, (height, width), mode="bicubic", antialias=True).clamp(0, 255)
    top, left = (height - size) // 2, (width - size) // 2
    x = x[0, :, top : top + size, left : left + size] / 255  # 3 x size x size
    return (x - _per_channel(MEAN, x)) / _per_channel(DEVIATION, x)


def _rgb_bytes(image) -> np.ndarray:
    """The picture as uint8 (H, W, 3)."""
    if hasattr(image, "convert"):  # a PIL image, of whatever mode
        return np.asarray(image.convert("RGB"))
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8:
        raise TypeError(f"images must hold bytes (uint8, 0 to 255), not {pixels.dtype}")
    if pixels.ndim == 2:
        pixels = np.stack([pixels] * 3, axis=2)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise ValueError(f"images must have shape (H, W, 3) or (H, W), not {pixels.shape}")
    return pixels


def _per_channel(values: Sequence[float], like: Tensor) -> Tensor:
    return like.new_tensor(values).view(3, 1, 1)


def to_unit_range(x: Tensor) -> Tensor:
    """From what `preprocess` gives to values in [-1, 1], which some networks were trained on.

    Shape (N, 3, H, W) stays.
    """
    return (x * _per_channel(DEVIATION, x) + _per_channel(MEAN, x)) * 2 - 1


@cache
def imagenet_classes() -> tuple[str, ...]:
    """Short English names of the 1000 classes, in the order of the outputs."""
    names = files(__package__).joinpath("weights/imagenet_classes.txt").read_text(encoding="utf-8")
    return tuple(names.splitlines())


def top_classes(logits: Tensor, k: int = 5) -> list[list[tuple[str, float]]]:
    """For each image, the `k` classes with the highest probabilities, as (name, probability).

    Args:
        logits: (N, 1000).

    Raises:
        ValueError: another shape, or `k` is not between 1 and 1000.
    """
    names = imagenet_classes()
    if logits.dim() != 2 or logits.shape[1] != len(names):
        raise ValueError(f"logits must have shape (N, {len(names)}), not {tuple(logits.shape)}")
    if not 1 <= k <= len(names):
        raise ValueError(f"k must be between 1 and {len(names)}, not {k}")
    best = logits.softmax(dim=1).topk(k)
    return [
        [(names[index], value) for index, value in zip(indices, values, strict=True)]
        for indices, values in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
