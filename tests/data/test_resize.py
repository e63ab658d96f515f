import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from course_utils.data import resize

sides = st.integers(1, 30)


@given(sides, sides, sides, sides, st.sampled_from([(), (3,)]), st.integers(0, 999))
def test_as_pillow_s_bilinear_within_its_rounding(height, width, new_height, new_width, channels, seed):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, *channels), dtype=np.uint8)
    theirs = Image.fromarray(image).resize((new_width, new_height), Image.Resampling.BILINEAR)
    ours = resize(image, new_height, new_width)
    assert ours.dtype == np.uint8
    # Pillow rounds after each of its two passes.
    assert np.abs(ours.astype(int) - np.asarray(theirs).astype(int)).max() <= 1


@given(sides, sides, sides, sides)
def test_a_flat_picture_stays_flat(height, width, new_height, new_width):
    np.testing.assert_allclose(resize(np.full((height, width), 0.3), new_height, new_width), 0.3)


def test_same_size_is_the_same_picture():
    image = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    np.testing.assert_array_equal(resize(image, 7, 9), image)


def test_hidden_colours_do_not_shine_through():
    image = np.zeros((8, 8, 4), np.uint8)
    image[..., :3] = [0, 255, 0]  # green that nobody sees ...
    image[:, :5] = [200, 10, 10, 255]  # ... beside red that everybody sees
    small = resize(image, 3, 3)
    seen = small[..., 3] > 0
    assert (small[..., 3] > 0).sum() > 3
    assert ((small[..., 3] > 0) & (small[..., 3] < 255)).any()
    np.testing.assert_array_equal(small[seen][:, :3], np.broadcast_to([200, 10, 10], (seen.sum(), 3)))
    assert not small[~seen].any()


@pytest.mark.parametrize(
    "message, call",
    [
        (r"image has shape \(3,\)", lambda: resize(np.ones(3), 2, 2)),
        (r"image has shape \(0, 3\)", lambda: resize(np.ones((0, 3)), 2, 2)),
        ("is 0x5", lambda: resize(np.ones((3, 3)), 0, 5)),
    ],
)
def test_bad_input_is_named(message, call):
    with pytest.raises(ValueError, match=message):
        call()
