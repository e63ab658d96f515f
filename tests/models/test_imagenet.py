"""Preparing pictures as the weights expect, and naming the classes."""

import numpy as np
import pytest
import torch
from PIL import Image

from course_utils import models
from tests.oracles.torchvision_shim import torchvision


def picture(height, width, seed=0):
    """A smooth random picture, (H, W, 3) bytes."""
    small = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("height, width", [(256, 256), (512, 512), (300, 640), (641, 300), (100, 80)])
def test_agrees_with_torchvisions_preparation(height, width):
    pixels = picture(height, width)
    theirs = torchvision.transforms._presets.ImageClassification(
        crop_size=224, interpolation=torchvision.transforms.InterpolationMode.BICUBIC
    )(Image.fromarray(pixels))
    ours = models.preprocess(pixels)
    assert ours.shape == (1, 3, 224, 224)
    # theirs rounds to bytes in between, and to a pixel where the size does not divide
    step = 1 / 255 / min(0.229, 0.224, 0.225)
    assert (ours[0] - theirs).abs().mean() < step


def test_takes_pil_images_arrays_grey_and_lists():
    pixels = picture(260, 300)
    image = Image.fromarray(pixels)
    expected = models.preprocess(pixels)
    assert torch.equal(models.preprocess(image), expected)
    both = models.preprocess([image, picture(500, 400)], size=192, resize=200)
    assert both.shape == (2, 3, 192, 192)
    grey = models.preprocess(pixels[:, :, 0])
    assert torch.equal(grey, models.preprocess(np.stack([pixels[:, :, 0]] * 3, axis=2)))
    assert torch.equal(models.preprocess(image.convert("RGBA")), expected)


def test_leaves_the_picture_alone_and_is_exact_without_resizing():
    pixels = picture(256, 256)
    before = pixels.copy()
    x = models.preprocess(pixels, size=256)
    assert np.array_equal(pixels, before)
    bytes_again = (x[0] * torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)) + torch.tensor(
        [0.485, 0.456, 0.406]
    ).view(3, 1, 1)
    assert np.array_equal((bytes_again * 255).round().permute(1, 2, 0).numpy().astype(np.uint8), pixels)


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        (
            {"images": np.zeros((8, 8, 3))},
            TypeError,
            r"images must hold bytes \(uint8, 0 to 255\), not float64",
        ),
        (
            {"images": np.zeros((8, 8, 4), np.uint8)},
            ValueError,
            r"shape \(H, W, 3\) or \(H, W\), not \(8, 8, 4\)",
        ),
        ({"images": np.zeros((0, 8, 3), np.uint8)}, ValueError, r"not \(0, 8, 3\)"),
        (
            {"images": np.zeros((8, 8), np.uint8), "size": 300},
            ValueError,
            r"between 1 and resize \(256\), not 300",
        ),
        ({"images": []}, ValueError, "images is an empty list"),
    ],
)
def test_bad_pictures(arguments, error, message):
    with pytest.raises(error, match=message):
        models.preprocess(**arguments)


def test_class_names_are_torchvisions():
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    assert list(models.imagenet_classes()) == list(_IMAGENET_CATEGORIES)


def test_top_classes():
    logits = torch.zeros(2, 1000)
    logits[0, 207], logits[0, 3] = 20, 18
    logits[1, 0] = 20
    first, second = models.top_classes(logits, k=2)
    assert [name for name, _ in first] == ["golden retriever", "tiger shark"]
    assert first[0][1] == pytest.approx(1 / (1 + np.exp(-2)), rel=1e-4)
    assert second[0][0] == "tench"
    with pytest.raises(ValueError, match=r"logits must have shape \(N, 1000\), not \(2, 10\)"):
        models.top_classes(torch.zeros(2, 10))
    with pytest.raises(ValueError, match="k must be between 1 and 1000, not 0"):
        models.top_classes(logits, k=0)
