"""Augmentations: each against its definition, image by image."""

import numpy as np
import pytest
import torch

from course_utils.data.augment import (
    IMAGENET_EIGENVECTORS,
    AlternatingFlip,
    Batch,
    ColorJitter,
    Cutout,
    Flip,
    Mixup,
    PaddedCrop,
    PCALighting,
)

ALL = [
    Flip(),
    AlternatingFlip(),
    PaddedCrop(2),
    PaddedCrop(3, "constant"),
    ColorJitter(),
    Cutout(3),
    Mixup(10),
    PCALighting(),
]


def batch(n=64, channels=3, size=8, epoch=0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(n, channels, size, size, generator=generator)
    return Batch(images, torch.arange(n) % 10, torch.arange(n), epoch, generator)


@pytest.mark.parametrize("augmentation", ALL, ids=lambda a: type(a).__name__)
def test_shapes_stay_inputs_are_left_alone_and_a_seed_decides(augmentation):
    given = batch()
    kept = given.images.clone()
    first = augmentation(given)
    assert torch.equal(given.images, kept)
    assert first.images.shape == given.images.shape and first.images.dtype == torch.float32
    again = augmentation(batch())
    assert torch.equal(first.images, again.images) and torch.equal(first.labels, again.labels)


def test_flip_mirrors_about_half():
    given = batch(400)
    out = Flip()(given).images
    mirrored = (out == given.images.flip(-1)).flatten(1).all(1)
    same = (out == given.images).flatten(1).all(1)
    assert (mirrored ^ same).all()
    assert 150 < mirrored.sum() < 250


def test_alternating_flip_shows_each_image_both_ways_in_two_epochs():
    even, odd = AlternatingFlip()(batch(400, epoch=0)).images, AlternatingFlip()(batch(400, epoch=1)).images
    assert torch.equal(even, odd.flip(-1))
    kept = (even == batch(400).images).flatten(1).all(1)
    assert 150 < kept.sum() < 250
    # The coin is the image's own, whatever the order of the batch.
    given = batch(400)
    order = torch.randperm(400)
    shuffled = Batch(given.images[order], given.labels[order], given.index[order], 0, given.generator)
    assert torch.equal(AlternatingFlip()(shuffled).images, even[order])


@pytest.mark.parametrize("mode", ["reflect", "constant"])
def test_padded_crop_cuts_a_window_of_the_padded_image(mode):
    given = batch(60, size=6)
    out = PaddedCrop(2, mode)(given).images
    padded = np.pad(given.images.numpy(), ((0, 0), (0, 0), (2, 2), (2, 2)), mode=mode)
    offsets = set()
    for image, source in zip(out.numpy(), padded, strict=True):
        found = [
            (i, j)
            for i in range(5)
            for j in range(5)
            if np.array_equal(image, source[:, i : i + 6, j : j + 6])
        ]
        assert found
        offsets.update(found)
    assert len(offsets) > 15  # of 25: rows and columns move independently


def test_colour_jitter_keeps_to_its_factors():
    given = batch(50)
    out = ColorJitter(brightness=0.3, contrast=0.0, saturation=0.0)(given).images
    ratio = (out / given.images).flatten(1)
    inside = out.flatten(1) < 1
    assert (ratio[inside] > 0.7 - 1e-5).all() and (ratio[inside] < 1.3 + 1e-5).all()
    per_image = torch.where(inside, ratio, torch.nan)
    assert torch.allclose(
        per_image.nan_to_num(0).amax(1), torch.nanquantile(per_image, 0.5, dim=1), atol=1e-4
    )
    grey = batch(50, channels=1)
    assert ColorJitter(0, 0, 0.5)(grey).images.sub(grey.images).abs().max() < 1e-6


def test_cutout_blanks_one_square():
    given = batch(200, size=9)
    out = Cutout(3, fill=0.25)(given).images
    changed = (out != given.images).any(1)
    assert (out.permute(0, 2, 3, 1)[changed] == 0.25).all()
    areas = changed.flatten(1).sum(1)
    assert areas.max() == 9 and areas.min() >= 4  # a centre in the corner leaves 2 x 2


def test_mixup_mixes_images_and_labels_alike():
    given = batch(30, channels=1, size=1)
    # With images equal to their labels the two mixtures must agree.
    given = Batch(given.labels.float().view(-1, 1, 1, 1), given.labels, given.index, 0, given.generator)
    out = Mixup(10, alpha=1.0)(given)
    assert torch.allclose(out.labels.sum(1), torch.ones(30))
    assert torch.allclose(out.labels @ torch.arange(10.0), out.images.flatten(), atol=1e-5)


def test_mixup_weights_follow_the_beta_distribution():
    generator = torch.Generator().manual_seed(0)
    ones = torch.tensor([1.0, 0.0]).view(2, 1, 1, 1)
    weights = []
    for _ in range(2000):
        out = Mixup(2, alpha=0.5)(Batch(ones, torch.tensor([0, 1]), torch.arange(2), 0, generator)).images
        if out[0] != 1:  # else each image was mixed with itself
            weights.append(out.max().item())
    # Beta(1/2, 1/2) is the arcsine law: max(w, 1 - w) has median sin(3 pi / 8) ** 2.
    assert np.median(weights) == pytest.approx(np.sin(3 * np.pi / 8) ** 2, abs=0.02)


def test_pca_lighting_moves_all_pixels_of_an_image_alike_and_along_the_axes():
    given = batch(4000, size=2)
    shift = (PCALighting(0.1)(given).images - given.images).flatten(2)
    assert torch.allclose(shift[..., :1].expand_as(shift), shift, atol=1e-6)
    along = shift[..., 0] @ torch.tensor(IMAGENET_EIGENVECTORS)
    np.testing.assert_allclose(along.std(0), [0.02175, 0.00188, 0.00045], rtol=0.1)


def test_pca_lighting_needs_colours():
    with pytest.raises(ValueError, match="images have 1 channels"):
        PCALighting()(batch(channels=1))


def test_mixup_refuses_weights_that_nothing_draws():
    with pytest.raises(ValueError, match="alpha is 0"):
        Mixup(2, alpha=0)
