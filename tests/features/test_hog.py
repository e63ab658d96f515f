"""HOG against scikit-image, a slow telling of the paper, and what must hold of any histogram of edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import feature

from course_utils.features import hog, hog_cells, image_gradient, normalize_blocks
from tests.features.photos import PHOTOS

NORMS = ("L2-Hys", "L2", "L1", "L1-sqrt")


def peer(image, orientations=9, cell=(8, 8), block=(3, 3), norm="L2-Hys"):
    return feature.hog(
        image,
        orientations=orientations,
        pixels_per_cell=cell,
        cells_per_block=block,
        block_norm=norm,
        channel_axis=-1 if image.ndim == 3 else None,
    )


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", PHOTOS)
def test_equals_scikit_image_on_photos(name, norm):
    image = PHOTOS[name]()
    ours, theirs = hog(image, norm=norm), peer(image, norm=norm)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


# Pixel differences point at exactly 45 degrees very often, and with these counts that is the edge of a bin.
@pytest.mark.parametrize("orientations", [1, 2, 4, 8, 12, 20, 24, 28, 36])
def test_directions_on_the_edge_of_a_bin_fall_where_scikit_image_puts_them(orientations):
    image = PHOTOS["coins"]()
    np.testing.assert_allclose(hog(image, orientations), peer(image, orientations), rtol=0, atol=1e-6)


@st.composite
def pictures_and_settings(draw):
    cell = (draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    block = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    height = draw(st.integers(cell[0] * block[0], 40))
    width = draw(st.integers(cell[1] * block[1], 40))
    channels = draw(st.sampled_from([(), (1,), (3,), (4,)]))
    image = draw(hnp.arrays(np.uint8, (height, width, *channels)))
    return image, draw(st.integers(1, 12)), cell, block


@given(pictures_and_settings(), st.sampled_from(NORMS))
def test_equals_scikit_image_on_any_shape(case, norm):
    image, orientations, cell, block = case
    np.testing.assert_allclose(
        hog(image, orientations, cell, block, norm),
        peer(image, orientations, cell, block, norm),
        rtol=0,
        atol=1e-6,
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, bool])
def test_other_dtypes_as_scikit_image(dtype):
    image = PHOTOS["chelsea"]() > 128 if dtype is bool else PHOTOS["chelsea"]().astype(dtype)
    ours, theirs = hog(image), peer(image)
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def test_the_lecture_s_10800_numbers():
    picture = np.random.default_rng(0).integers(0, 256, (240, 320), dtype=np.uint8)
    assert hog(picture, norm=None).shape == (10_800,)
    assert hog_cells(picture).shape == (30, 40, 9)
    assert hog(picture, block=2).size == 29 * 39 * 2 * 2 * 9
    np.testing.assert_array_equal(hog(picture, norm=None), hog_cells(picture).ravel())


def test_dalal_and_triggs_window_has_3780_numbers():
    assert hog(np.zeros((128, 64)), block=2, interpolate=True).shape == (3780,)


# --- Without normalisation: a telling pixel by pixel
# ---------------------------------------------------------------


def cells_pixel_by_pixel(image, orientations, cell, interpolate):
    """The definition, one pixel and one vote at a time. For grey pictures."""
    image = image.astype(float)
    height, width = image.shape
    rows, cols = height // cell[0], width // cell[1]
    out = np.zeros((rows, cols, orientations))
    for y in range(height):
        for x in range(width):
            gy = image[y + 1, x] - image[y - 1, x] if 0 < y < height - 1 else 0.0
            gx = image[y, x + 1] - image[y, x - 1] if 0 < x < width - 1 else 0.0
            magnitude = (gx * gx + gy * gy) ** 0.5
            angle = np.degrees(np.arctan2(gy, gx)) % 180
            if not interpolate:
                r, c, k = y // cell[0], x // cell[1], int(angle // (180 / orientations))
                if r < rows and c < cols:
                    out[r, c, k % orientations] += magnitude
                continue
            # Distances to every cell centre and every bin centre, in cells and bins; nearer than 1 gets a
            # share.
            for r in range(rows):
                share_r = 1 - abs((y + 0.5) / cell[0] - (r + 0.5))
                for c in range(cols):
                    share_c = 1 - abs((x + 0.5) / cell[1] - (c + 0.5))
                    if share_r <= 0 or share_c <= 0:
                        continue
                    for k in range(orientations):
                        apart = abs(angle / (180 / orientations) - (k + 0.5))
                        apart = min(apart, orientations - apart)
                        out[r, c, k] += magnitude * share_r * share_c * max(0, 1 - apart)
    return out / (cell[0] * cell[1])


@pytest.mark.parametrize("interpolate", [False, True])
@pytest.mark.parametrize(
    "shape, cell, orientations", [((24, 32), (8, 8), 9), ((19, 23), (5, 4), 6), ((9, 30), (3, 7), 3)]
)
def test_cells_against_the_definition(shape, cell, orientations, interpolate):
    image = np.random.default_rng(1).integers(0, 256, shape)
    np.testing.assert_allclose(
        hog_cells(image, orientations, cell, interpolate=interpolate),
        cells_pixel_by_pixel(image, orientations, cell, interpolate),
        atol=1e-9,
    )


def test_interpolated_votes_of_inner_pixels_are_shared_but_not_lost():
    image = np.zeros((64, 64))
    image[30:34, 29:35] = np.random.default_rng(0).random((4, 6))
    gy, gx = image_gradient(image)
    assert hog_cells(image, interpolate=True).sum() * 64 == pytest.approx(np.hypot(gy, gx).sum())


def test_interpolation_makes_a_turning_edge_turn_smoothly():
    y, x = np.mgrid[:32, :32]

    def turned(degrees):  # a ramp that rises in this direction
        return x * np.cos(np.radians(degrees)) + y * np.sin(np.radians(degrees))

    def jump(**options):  # across the boundary between the first two bins
        return np.abs(
            hog(turned(20.01), norm="L2", **options) - hog(turned(19.99), norm="L2", **options)
        ).max()

    assert jump(interpolate=True) < 0.001 < 0.3 < jump()


# --- What must hold of any histogram of edges
# ----------------------------------------------------------------------

grey = hnp.arrays(np.uint8, st.tuples(st.integers(24, 40), st.integers(24, 40)))
both = pytest.mark.parametrize("interpolate", [False, True])


@both
@pytest.mark.parametrize("name", ["camera", "coffee"])
def test_turning_the_picture_by_180_degrees_reverses_the_cells_and_keeps_the_orientations(name, interpolate):
    image = PHOTOS[name]()[:240, :320]  # whole cells, so that the grid fits both ways round
    upright = hog_cells(image, interpolate=interpolate)
    turned = hog_cells(image[::-1, ::-1], interpolate=interpolate)
    # A gradient turns with the picture, and so ends on the same unsigned orientation. At exactly 0 degrees
    # the two are -180 and 0 (or -0 and 180), which is one bin.
    np.testing.assert_allclose(turned, upright[::-1, ::-1], atol=1e-9)


@both
@given(image=grey, constant=st.integers(-1000, 1000))
def test_brightness_does_not_matter(image, constant, interpolate):
    image = image.astype(np.int64)
    np.testing.assert_allclose(
        hog(image + constant, interpolate=interpolate), hog(image, interpolate=interpolate), atol=1e-12
    )


@both
@given(image=grey, factor=st.floats(0.5, 20))
def test_contrast_matters_only_through_epsilon(image, factor, interpolate):
    # A block whose energy is far above epsilon keeps its direction; a flat one is 0 in both.
    plain = hog(image, norm="L2", interpolate=interpolate)
    scaled = hog(image * factor, norm="L2", interpolate=interpolate)
    assert np.abs(scaled - plain).max() < 1e-4


@both
@pytest.mark.parametrize("norm", [*NORMS, None])
def test_flat_picture_gives_zeros(norm, interpolate):
    flat = hog(np.full((32, 40), 77, np.uint8), norm=norm, interpolate=interpolate)
    assert np.isfinite(flat).all()
    assert not flat.any()


@pytest.mark.parametrize("direction", [1, -1])
def test_a_horizontal_ramp_has_one_orientation(direction):
    ramp = np.tile(np.arange(40.0)[::direction], (32, 1))
    cells = hog_cells(ramp)
    assert (cells[:, 1:-1, 0] == 2.0).all()  # two steps of 1 from the left to the right neighbour
    assert not cells[..., 1:].any()
    upright = hog_cells(np.tile(np.arange(40.0)[::direction, None], (1, 32)), orientations=4)
    assert upright[..., 2].any()
    assert not np.delete(upright, 2, axis=2).any()


@both
@given(image=grey, cell=st.integers(3, 8), block=st.integers(1, 3))
def test_blocks_have_at_most_length_one(image, cell, block, interpolate):
    cells = hog_cells(image, cell=cell, interpolate=interpolate)
    for norm, order in (("L2", 2), ("L2-Hys", 2), ("L1", 1)):
        blocks = normalize_blocks(cells, block, norm)
        lengths = np.linalg.norm(blocks.reshape(*blocks.shape[:2], -1), ord=order, axis=2)
        assert (lengths <= 1 + 1e-12).all()
    assert (hog(image, cell=cell, block=block, interpolate=interpolate) >= 0).all()


def test_no_vote_is_lost_at_the_end_of_the_half_turn():
    # In the middle column the gradient points a hair below 0 degrees, which is 180 within rounding.
    # scikit-image takes the remainder by 180 first and so drops such votes; here they count in the last bin.
    image = np.stack([-np.ones(9), -1e-17 * np.arange(9), np.ones(9)], axis=1)
    gy, gx = image_gradient(image)
    assert np.rad2deg(np.arctan2(gy, gx))[1, 1] % 180 == 180
    cells = hog_cells(image, cell=3)
    assert cells.sum() * 9 == pytest.approx(9 * 2)
    assert cells[..., 8].sum() * 9 == pytest.approx(
        7 * 2
    )  # all but the outermost rows, whose vertical difference is 0


def test_each_pixel_uses_its_steepest_channel():
    image = np.zeros((24, 24, 3))
    image[..., 1] = np.arange(24)  # 2 to the right
    image[..., 2] = 3 * np.arange(24)[:, None]  # 6 downwards
    gy, gx = image_gradient(image)
    assert (gy[1:-1, 1:-1] == 6).all()
    assert not gx[1:-1, 1:-1].any()
    assert (gx[0, 1:-1] == 2).all()  # the outermost row has no vertical difference


def test_does_not_change_its_input_and_takes_any_memory_layout():
    image = PHOTOS["coffee"]()[100:180, 50:151]
    before = image.copy()
    image.flags.writeable = False
    plain = hog(before)
    np.testing.assert_array_equal(hog(image), plain)
    np.testing.assert_array_equal(hog(np.asfortranarray(before)), plain)
    np.testing.assert_array_equal(image, before)


# --- Bad input
# -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error, message, call",
    [
        (ValueError, "norm is 'L3'", lambda: hog(np.zeros((32, 32)), norm="L3")),
        (ValueError, "too small for one block of 24x24", lambda: hog(np.zeros((23, 90)))),
        (ValueError, "too small for one cell of 8x8", lambda: hog(np.zeros((7, 90)), norm=None)),
        (ValueError, "orientations is 0", lambda: hog(np.zeros((32, 32)), orientations=0)),
        (TypeError, "orientations is 9.0", lambda: hog(np.zeros((32, 32)), orientations=9.0)),
        (ValueError, "cell is 0", lambda: hog(np.zeros((32, 32)), cell=0)),
        (ValueError, r"block is \(2, 2, 2\)", lambda: hog(np.zeros((32, 32)), block=(2, 2, 2))),
        (TypeError, "cell is 'big'", lambda: hog(np.zeros((32, 32)), cell="big")),
        (ValueError, r"image has shape \(5,\)", lambda: hog(np.zeros(5))),
        (ValueError, "32 channels; channels come last", lambda: hog(np.zeros((3, 32, 32)))),
        (ValueError, "no pixel", lambda: hog(np.zeros((0, 32)))),
        (ValueError, "NaN", lambda: hog(np.full((32, 32), np.nan))),
        (TypeError, "dtype complex128", lambda: hog(np.zeros((32, 32), complex))),
        (TypeError, "dtype object", lambda: hog(np.array([[None, 1], [2, 3]]))),
        (ValueError, "norm is 'max'", lambda: normalize_blocks(np.ones((3, 3, 9)), 2, "max")),
    ],
)
def test_bad_input_is_named(error, message, call):
    with pytest.raises(error, match=message):
        call()
