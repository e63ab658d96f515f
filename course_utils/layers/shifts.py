"""A faster layout of padded images, for windows whose output is as wide as the image ("same", stride 1).

Each tap then sees the whole image, shifted. Where rows follow each other without margins at the sides, a
shift is one long run of memory instead of many short ones. Beyond the end of a row a tap sees the start of
the next, where it should see zeros: these output columns, ``wrapped``, are for the caller to clear.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.layers.sliding import Window


def layout_for(window):
    """What lays out padded images for this window: shifts where they will do, else the window itself."""
    same_width = window.output_size[1] == window.input_size[1]
    return Shifts(window) if same_width and window.stride == (1, 1) else window


@dataclass(frozen=True)
class Shifts:
    """Images without side margins; has ``room``, ``crop``, ``taps`` and ``wrapped`` as the window has."""

    window: Window

    def room(self, shape, dtype):
        """Zeros for images ``(*shape, H, W)``, flat: margins above and below, and a bit more at both ends."""
        H_padded, W, side = self.window.padded_size[0], self.window.input_size[1], self.window.padding[1]
        return np.zeros((*shape, side + H_padded * W + side), dtype)

    def crop(self, padded):
        """The images as a view."""
        (H, W), (above, side) = self.window.input_size, self.window.padding
        first = side + above * W
        return padded[..., first : first + H * W].reshape(*padded.shape[:-1], H, W)

    def taps(self, padded, rows):
        """Yield for each tap of the window, row by row, what it sees: a view ``(..., rows, W)``."""
        W, (down, across) = self.window.input_size[1], self.window.dilation
        for i, j in np.ndindex(self.window.kernel):
            first = (rows.start + i * down) * W + j * across
            yield padded[..., first : first + len(rows) * W].reshape(*padded.shape[:-1], len(rows), W)

    @property
    def wrapped(self):
        """Pairs of a tap's column j and the output columns where it sees another row of the image."""
        W, side = self.window.input_size[1], self.window.padding[1]
        for j in range(self.window.kernel[1]):
            shift = j * self.window.dilation[1] - side
            if shift < 0:
                yield j, slice(0, -shift)
            elif shift > 0:
                yield j, slice(max(0, W - shift), W)
