"""im2col and col2im: the pieces of one padded image as columns, and their gradients back in their places."""

from dataclasses import dataclass
from math import prod

import numpy as np

# Columns that fit a core's level-2 cache are still there when the matrix product reads them ...
CACHE_BYTES = 3 * 2**19
# ... but a product of fewer is slow, whatever the cache.
FEWEST_COLUMNS = 256


@dataclass
class Block:
    """The columns for a few output rows, in memory that all blocks share: use one before gathering the next.

    pixels    slice of the flat output (H_out * W_out) that these columns make
    columns   (G, C // G * K_h * K_w + 1, pixels): what the window sees at each, and a 1 for the bias
    taps      for each tap of the window its rows in ``columns``, (G, C // G, rows, W_out), ...
    seen      ... what it sees in the padded image, ...
    dseen     ... and the same places in the gradient of the padded image
    wrapped   parts of ``columns`` where, in this layout, taps see another row instead of zeros
    """

    pixels: slice
    columns: np.ndarray
    taps: list
    seen: list
    dseen: list
    wrapped: list

    def gather(self):
        """im2col: fill the columns from the padded image, and return them."""
        self.columns[:, -1] = 1
        for tap, seen in zip(self.taps, self.seen, strict=True):
            tap[...] = seen
        self._clear_wrapped()
        return self.columns

    def scatter(self):
        """col2im: the columns hold gradients; add them to the gradient of the padded image."""
        self._clear_wrapped()
        for tap, dseen in zip(self.taps, self.dseen, strict=True):
            dseen += tap

    def _clear_wrapped(self):
        for part in self.wrapped:
            part[...] = 0


def blocks_of_columns(window, layout, padded, dpadded=None):
    """Blocks for all output rows, bound to a padded image (G, C // G, ...) and its gradient, so laid out."""
    (groups, channels), (H_out, W_out) = padded.shape[:2], window.output_size
    height = channels * prod(window.kernel) + 1
    fitting = max(CACHE_BYTES // (groups * height * W_out * padded.itemsize), -(-FEWEST_COLUMNS // W_out))
    rows_each = -(-H_out // -(-H_out // fitting))  # about as many in every block
    memory = np.empty((groups, height, rows_each * W_out), padded.dtype)
    blocks = []
    for first in range(0, H_out, rows_each):
        rows = range(first, min(first + rows_each, H_out))
        columns = memory[:, :, : len(rows) * W_out]
        by_tap = columns[:, :-1].reshape(groups, channels, *window.kernel, len(rows), W_out)
        blocks.append(
            Block(
                pixels=slice(rows.start * W_out, rows.stop * W_out),
                columns=columns,
                taps=[by_tap[:, :, i, j] for i, j in np.ndindex(window.kernel)],
                seen=list(layout.taps(padded, rows)),
                dseen=[] if dpadded is None else list(layout.taps(dpadded, rows)),
                wrapped=[by_tap[:, :, :, j, :, across] for j, across in layout.wrapped],
            )
        )
    return blocks
