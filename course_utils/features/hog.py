"""Histograms of oriented gradients: which way the edges run, cell by cell.

Dalal and Triggs, "Histograms of oriented gradients for human detection", CVPR 2005. By default the variant of
``skimage.feature.hog``, to which the tests hold it: hard votes, no Gaussian window, blocks of 3x3 cells.
"""

import numpy as np

from course_utils.features.images import check_image, positive_int, positive_pair

NORMS = ("L2-Hys", "L2", "L1", "L1-sqrt", None)
_EPS = 1e-5  # keeps a block without any edge at zero


def hog(image, orientations=9, cell=8, block=3, norm="L2-Hys", *, interpolate=False) -> np.ndarray:
    """Return the histogram-of-oriented-gradients descriptor of one picture as a vector.

    Parameters
    ----------
    image : array, shape (H, W) or (H, W, C)
        of any size that holds one block. Of several channels each pixel uses the one with the steepest
        gradient.
    orientations : int
        bins over the half turn from 0 to 180 degrees; an edge has no front side.
    cell : int or (rows, columns)
        size of a cell in pixels. Rows and columns that fill no whole cell are left out.
    block : int or (rows, columns)
        size of a block in cells. Blocks overlap: the next one begins one cell further on.
    norm : "L2-Hys", "L2", "L1", "L1-sqrt" or None
        how each block is normalised ("Hys": clipped at 0.2 and normalised again, after Lowe's SIFT). None
        leaves the cells as they are, without blocks.
    interpolate : bool
        share each vote among the two nearest orientations and the four nearest cells, as in the paper, in
        place of giving it whole to the one bin and cell that it falls in.

    Returns
    -------
    array, 1-D
        with a norm ``(R - r + 1) * (C - c + 1) * r * c * orientations`` numbers, in the order (block row,
        block column, cell row, cell column, orientation), for an R x C grid of cells and blocks of r x c;
        without one, ``R * C * orientations``. float32 if the picture is float32, else float64.

    Raises
    ------
    TypeError, ValueError
        if an argument is none of the above, or the picture is too small for one block.

    Examples
    --------
    >>> import numpy as np
    >>> picture = np.random.default_rng(0).integers(0, 256, (240, 320), dtype=np.uint8)
    >>> hog(picture, norm=None).shape == (30 * 40 * 9,)
    True
    >>> hog(picture).shape == (28 * 38 * 3 * 3 * 9,)
    True
    """
    if norm not in NORMS:
        raise ValueError(f"norm is {norm!r}; it must be one of {NORMS}")
    image = check_image(image)
    block_size = (1, 1) if norm is None else positive_pair(block, "block")
    cell_size = positive_pair(cell, "cell")
    smallest = tuple(b * c for b, c in zip(block_size, cell_size, strict=True))
    if image.shape[0] < smallest[0] or image.shape[1] < smallest[1]:
        what = "cell" if norm is None else "block"
        raise ValueError(
            f"image is {image.shape[0]}x{image.shape[1]} pixels, too small for one {what} of "
            f"{smallest[0]}x{smallest[1]}"
        )
    histogram = hog_cells(image, orientations, cell_size, interpolate=interpolate)
    if norm is not None:
        histogram = normalize_blocks(histogram, block_size, norm)
    return histogram.ravel().astype(_float_dtype(image), copy=False)


def hog_cells(image, orientations=9, cell=8, *, interpolate=False) -> np.ndarray:
    """Return the gradient histogram of every cell, before any normalisation.

    Arguments as for :func:`hog`.

    Returns
    -------
    float64 array, shape (H // cell rows, W // cell columns, orientations)
        mean gradient magnitude a pixel of the cell, by orientation. Bin k holds the gradient directions from
        k to k + 1 times 180 / orientations degrees, measured from the x axis (rightwards) towards the y axis
        (downwards). With ``interpolate`` a vote that belongs to a cell outside the picture is lost, as in the
        paper.
    """
    orientations = positive_int(orientations, "orientations")
    rows_per_cell, cols_per_cell = positive_pair(cell, "cell")
    gy, gx = image_gradient(image)
    rows, cols = gy.shape[0] // rows_per_cell, gy.shape[1] // cols_per_cell
    if interpolate:
        votes = orientation_maps(gy, gx, orientations)
        pool_rows = triangle_weights(rows, rows_per_cell, gy.shape[0])
        pool_cols = triangle_weights(cols, cols_per_cell, gy.shape[1])
        histogram = np.moveaxis(pool_rows @ votes @ pool_cols.T, 0, -1)
    else:
        gy, gx = (
            gy[: rows * rows_per_cell, : cols * cols_per_cell],
            gx[: rows * rows_per_cell, : cols * cols_per_cell],
        )
        cell_of_row = np.arange(rows * rows_per_cell) // rows_per_cell
        cell_of_col = np.arange(cols * cols_per_cell) // cols_per_cell
        # One long list of bins: cell after cell, and in each its orientations.
        bins = _fold(np.floor(_degrees(gy, gx) / (180 / orientations)), orientations)
        bins += orientations * (cols * cell_of_row[:, None] + cell_of_col)
        histogram = np.bincount(bins.ravel(), np.hypot(gx, gy).ravel(), minlength=rows * cols * orientations)
        histogram = histogram.reshape(rows, cols, orientations)
    return histogram / (rows_per_cell * cols_per_cell)


def image_gradient(image) -> tuple[np.ndarray, np.ndarray]:
    """Return (gy, gx), each of shape (H, W): the differences of the two neighbours, without the factor 1/2.

    The filter is [-1, 0, 1]; the outermost rows of gy and columns of gx are zero. Of several channels each
    pixel takes the one whose gradient is longest (the first of equals).
    """
    image = check_image(image)
    image = image.astype(_float_dtype(image), copy=False)
    gy, gx = np.zeros_like(image), np.zeros_like(image)
    np.subtract(image[2:], image[:-2], out=gy[1:-1])
    np.subtract(image[:, 2:], image[:, :-2], out=gx[:, 1:-1])
    if image.ndim == 3:
        steepest = np.hypot(gx, gy).argmax(axis=2)[..., None]
        gy, gx = (np.take_along_axis(g, steepest, axis=2)[..., 0] for g in (gy, gx))
    return gy.astype(np.float64, copy=False), gx.astype(np.float64, copy=False)


def orientation_maps(gy, gx, orientations: int, turn: int = 180) -> np.ndarray:
    """Share each pixel's gradient magnitude between the two nearest orientations.

    Bin centres lie at (k + 1/2) * turn / orientations degrees; the first and the last bin are neighbours.
    ``turn`` is 180 for unsigned gradients (HOG) or 360 for signed ones (SIFT).

    Returns
    -------
    float64 array, shape (orientations, H, W), which adds up to the magnitude over its first axis.
    """
    position = _degrees(gy, gx) / (turn / orientations) - 0.5
    lower = np.floor(position)
    upper_share = (position - lower).ravel()
    magnitude = np.hypot(gx, gy).ravel()
    maps = np.zeros((orientations, magnitude.size))
    pixel = np.arange(magnitude.size)
    lower = _fold(lower, orientations).ravel()
    maps[lower, pixel] = magnitude * (1 - upper_share)
    maps[(lower + 1) % orientations, pixel] += magnitude * upper_share
    return maps.reshape(orientations, *np.shape(gy))


def triangle_weights(cells: int, cell: int, pixels: int) -> np.ndarray:
    """Linear interpolation between cell centres as a matrix of shape (cells, pixels)."""
    centres = (np.arange(cells) + 0.5) * cell
    distance = np.abs(np.arange(pixels) + 0.5 - centres[:, None]) / cell
    return np.maximum(0, 1 - distance)


def normalize_blocks(histogram, block=3, norm="L2-Hys") -> np.ndarray:
    """Normalise overlapping blocks of cells: (R, C, o) becomes (R - r + 1, C - c + 1, r, c, o)."""
    windows = np.lib.stride_tricks.sliding_window_view(histogram, positive_pair(block, "block"), axis=(0, 1))
    blocks = np.ascontiguousarray(np.moveaxis(windows, 2, -1))

    def total(values):
        return values.sum(axis=(2, 3, 4), keepdims=True)

    def unit_length(values):
        return values / np.sqrt(total(values**2) + _EPS**2)

    if norm == "L1":
        return blocks / (total(blocks) + _EPS)
    if norm == "L1-sqrt":
        return np.sqrt(blocks / (total(blocks) + _EPS))
    if norm == "L2":
        return unit_length(blocks)
    if norm == "L2-Hys":
        return unit_length(np.minimum(unit_length(blocks), 0.2))
    raise ValueError(f"norm is {norm!r}; it must be one of {NORMS[:-1]}")


def _degrees(gy, gx):
    """Direction of the gradient, from -180 to 180 degrees; 0 where there is none."""
    return np.rad2deg(np.arctan2(gy, gx))


def _fold(bins, orientations):
    """Bin numbers below 0, or beyond the last, as those of the same direction a turn later or earlier."""
    return bins.astype(np.intp) % orientations


def _float_dtype(image):
    return np.float32 if image.dtype in (np.float16, np.float32) else np.float64
