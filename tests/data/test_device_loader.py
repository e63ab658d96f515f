"""The device loader: every image once, in an order that seed and epoch alone decide."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_utils.data.augment import Flip
from course_utils.data.device_loader import DeviceLoader, channel_statistics


def numbered(n, shape=(1, 2, 2)):
    """Image i is filled with the value i, and its label is i."""
    return np.broadcast_to(np.arange(n, dtype=np.uint8).reshape(n, 1, 1, 1), (n, *shape)).copy(), np.arange(n)


def epoch_of(loader):
    return torch.cat([labels for _, labels in loader]).tolist()


@given(n=st.integers(1, 40), batch_size=st.integers(1, 50), shuffle=st.booleans())
def test_every_image_comes_once_an_epoch(n, batch_size, shuffle):
    loader = DeviceLoader(*numbered(n), batch_size, shuffle=shuffle, mean=[0.0], std=[1 / 255])
    sizes = []
    for images, labels in loader:
        sizes.append(len(labels))
        assert torch.equal(images[:, 0, 0, 0].round().long(), labels)  # images keep their labels
    assert len(loader) == len(sizes)
    assert sorted(epoch_of(loader)) == list(range(n))


def test_order_depends_on_seed_and_epoch_alone():
    first, second = (DeviceLoader(*numbered(30), 7, shuffle=True, seed=3) for _ in range(2))
    epochs = [epoch_of(first) for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2]
    second.set_epoch(2)
    torch.rand(5)  # global random numbers play no part
    assert epoch_of(second) == epochs[2]
    other = DeviceLoader(*numbered(30), 7, shuffle=True, seed=4)
    assert epoch_of(other) != epochs[0]


def test_without_shuffling_order_is_the_sets():
    assert epoch_of(DeviceLoader(*numbered(9), 4)) == list(range(9))


def test_drop_last():
    loader = DeviceLoader(*numbered(10), 4, drop_last=True)
    assert len(loader) == 2 and len(epoch_of(loader)) == 8


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)))
)
def test_statistics_are_numpys(images):
    mean, std = channel_statistics(torch.from_numpy(images))
    expected = images.astype(np.float64) / 255
    np.testing.assert_allclose(mean, expected.mean((0, 2, 3)), atol=1e-7)
    constant = images.max((0, 2, 3)) == images.min((0, 2, 3))
    np.testing.assert_allclose(std, np.where(constant, 1.0, expected.std((0, 2, 3))), atol=1e-6)


@pytest.mark.parametrize("augment", [(), (Flip(p=0.0),)])
def test_batches_are_normalised_with_or_without_augmentation(augment):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (50, 3, 4, 4), dtype=np.uint8)
    loader = DeviceLoader(images, np.zeros(50, int), 50, augment=augment)
    ((batch, _),) = loader
    assert batch.dtype == torch.float32
    np.testing.assert_allclose(batch.mean((0, 2, 3)), np.zeros(3), atol=1e-5)
    np.testing.assert_allclose(batch.std((0, 2, 3), correction=0), np.ones(3), atol=1e-5)


def test_a_validation_loader_uses_the_training_sets_statistics():
    images, labels = numbered(20)
    train = DeviceLoader(images, labels, 5)
    valid = DeviceLoader(images[:3], labels[:3], 5, like=train)
    assert torch.equal(valid.mean, train.mean) and torch.equal(valid.std, train.std)


def test_batches_are_float32_whatever_the_statistics_are():
    for augment in ((), (Flip(),)):
        images = np.zeros((2, 3, 4, 4), np.uint8)
        ((batch, _),) = DeviceLoader(images, [0, 1], 2, mean=np.full(3, 0.5), std=np.ones(3), augment=augment)
        assert batch.dtype == torch.float32 and (batch == -0.5).all()


def test_grey_images_without_a_channel_axis_get_one():
    ((batch, _),) = DeviceLoader(np.zeros((3, 5, 6), np.uint8), np.zeros(3, int), 4)
    assert batch.shape == (3, 1, 5, 6)


@pytest.mark.parametrize(
    "images, labels, options, error, message",
    [
        (np.zeros((2, 1, 2, 2)), [0, 1], {}, TypeError, "images have dtype.*expected uint8"),
        (np.zeros((2, 1, 2, 2), np.uint8), [0.0, 1.0], {}, TypeError, "labels have dtype.*expected integers"),
        (np.zeros((2, 2), np.uint8), [0, 1], {}, ValueError, r"images have shape \(2, 2\)"),
        (np.zeros((2, 1, 2, 2), np.uint8), [0], {}, ValueError, r"labels have shape \(1,\): expected \(2,\)"),
        (np.zeros((0, 1, 2, 2), np.uint8), np.zeros(0, int), {}, ValueError, "images is empty"),
        (np.zeros((2, 1, 2, 2), np.uint8), [0, 1], {"batch_size": 0}, ValueError, "batch_size is 0"),
        (np.zeros((2, 1, 2, 2), np.uint8), [0, 1], {"drop_last": True}, ValueError, "larger than the set"),
        (np.zeros((2, 1, 2, 2), np.uint8), [0, 1], {"mean": [0.5] * 3}, ValueError, r"mean has shape \(3,\)"),
        (
            np.zeros((2, 1, 2, 2), np.uint8),
            [0, 1],
            {"std": 0.5},
            ValueError,
            r"std has shape \(\): expected \(1,\)",
        ),
    ],
)
def test_bad_input_is_refused_by_name(images, labels, options, error, message):
    with pytest.raises(error, match=message):
        DeviceLoader(images, torch.as_tensor(labels), **{"batch_size": 4, **options})
