"""im2col and col2im: the pieces of padded images as columns, and their gradients back in their places."""

from dataclasses import dataclass
from math import prod

import numpy as np

# Columns that fit a core's level-2 cache are still there when the matrix product reads them ...
CACHE_BYTES = 3 * 2**19
# ... but a product of fewer is slow, whatever the cache ...
FEWEST_COLUMNS = 512
# ... unless the columns of several images would take as much memory as this.
MOST_BYTES = 2**24
# Rows a power of two apart push each other out of the cache: each is longer by so many bytes than it need be.
CACHE_LINE = 64


@dataclass
class Block:
    """The columns for a few output rows, in memory that all blocks share: use one before gathering the next.

    pixels    slice of the flat output (H_out * W_out) that these columns make
    columns   (G, C // G * K_h * K_w + 1, images * pixels): what the window sees at each, and a 1 for the bias
    taps      for each tap of the window its rows in ``columns``, (G, C // G, images, rows, W_out), ...
    seen      ... what it sees in the padded images, ...
    dseen     ... and the same places in the gradient of the padded images
    wrapped   parts of ``columns`` where, in this layout, taps see another row instead of zeros
    """

    pixels: slice
    columns: np.ndarray
    taps: list
    seen: list
    dseen: list
    wrapped: list

    def gather(self):
        """im2col: fill the columns from the padded images, and return them."""
        self.columns[:, -1] = 1
        for tap, seen in zip(self.taps, self.seen, strict=True):
            tap[...] = seen
        self._clear_wrapped()
        return self.columns

    def scatter(self):
        """col2im: the columns hold gradients; add them to the gradient of the padded images."""
        self._clear_wrapped()
        for tap, dseen in zip(self.taps, self.dseen, strict=True):
            dseen += tap

    def _clear_wrapped(self):
        for part in self.wrapped:
            part[...] = 0


def images_together(window, x):
    """How many of the images x share a product: one, or about as many each time as make columns enough."""
    pixels = prod(window.output_size)
    fitting = MOST_BYTES // (x.shape[1] * prod(window.kernel) * pixels * x.itemsize)
    enough = max(1, min(-(-FEWEST_COLUMNS // pixels), fitting))
    return max(1, -(-len(x) // max(1, len(x) // enough)))


def blocks_of_columns(window, layout, padded, dpadded=None):
    """Blocks for all output rows, bound to padded images (G, C // G, images, ...) and their gradient."""
    (groups, channels, images), (H_out, W_out) = padded.shape[:3], window.output_size
    height = channels * prod(window.kernel) + 1
    row_bytes = groups * height * images * W_out * padded.itemsize
    fitting = max(CACHE_BYTES // row_bytes, -(-FEWEST_COLUMNS // W_out))
    rows_each = -(-H_out // -(-H_out // fitting))  # about as many in every block
    spare = CACHE_LINE // padded.itemsize
    memory = np.empty((groups, height, images * rows_each * W_out + spare), padded.dtype)
    blocks = []
    for first in range(0, H_out, rows_each):
        rows = range(first, min(first + rows_each, H_out))
        columns = memory[:, :, : images * len(rows) * W_out]
        by_tap = columns[:, :-1].reshape(groups, channels, *window.kernel, images, len(rows), W_out)
        blocks.append(
            Block(
                pixels=slice(rows.start * W_out, rows.stop * W_out),
                columns=columns,
                taps=[by_tap[:, :, i, j] for i, j in np.ndindex(window.kernel)],
                seen=list(layout.taps(padded, rows)),
                dseen=[] if dpadded is None else list(layout.taps(dpadded, rows)),
                wrapped=[by_tap[:, :, :, j, ..., across] for j, across in layout.wrapped],
            )
        )
    return blocks
