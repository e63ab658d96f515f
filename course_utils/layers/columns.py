"""im2col and col2im for one image, a few output rows at a time."""

from math import prod

import numpy as np

# About a core's share of level-2 cache: columns that fit are still there when the matrix product reads them.
CACHE_BYTES = 3 * 2**19


class Columns:
    """Room for the columns of some output rows: ``(G, C // G * K_h * K_w + 1, rows * W_out)``.

    A column holds what the window sees at one output pixel, and at its end a 1, which the bias is
    multiplied with.
    """

    def __init__(self, window, channels, groups, dtype):
        self.window = window
        self.axes = (groups, channels // groups, *window.kernel)
        H_out, W_out = window.output_size
        height = prod(self.axes[1:]) + 1
        fitting = max(1, CACHE_BYTES // (groups * height * W_out * dtype.itemsize))
        blocks = -(-H_out // fitting)
        self.rows = -(-H_out // blocks)  # about as many in each block
        self.memory = np.empty((groups, height, self.rows * W_out), dtype)

    def blocks(self):
        """Yield ``(rows, pixels)``: a range of output rows, and their slice of the flat output."""
        H_out, W_out = self.window.output_size
        for first in range(0, H_out, self.rows):
            rows = range(first, min(first + self.rows, H_out))
            yield rows, slice(rows.start * W_out, rows.stop * W_out)

    def gather(self, padded, rows):
        """im2col: fill the columns of these output rows from a padded image ``(G, C // G, H, W)``."""
        columns = self.memory[:, :, : len(rows) * self.window.output_size[1]]
        columns[:, -1] = 1
        by_tap = self._by_tap(columns)
        for i, j, seen in self.window.taps(padded, rows):
            by_tap[:, :, i, j] = seen
        return columns

    def scatter(self, dcolumns, dpadded, rows):
        """col2im: add the gradients of columns to that of the padded image that they came from."""
        by_tap = self._by_tap(dcolumns)
        for i, j, seen in self.window.taps(dpadded, rows):
            seen += by_tap[:, :, i, j]

    def _by_tap(self, columns):
        """The columns without their ones as a view ``(G, C // G, K_h, K_w, rows, W_out)``."""
        return columns[:, :-1].reshape(*self.axes, -1, self.window.output_size[1])
