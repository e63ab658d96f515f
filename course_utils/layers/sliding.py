"""The geometry that convolution and pooling share: a window that slides over padded images."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from course_utils.arithmetic import output_size, window_span
from course_utils.arithmetic.axes import as_pair


@dataclass(frozen=True)
class Window:
    """A window sliding over images ``(..., H, W)``; every field is a pair ``(vertical, horizontal)``."""

    input_size: tuple
    kernel: tuple
    stride: tuple
    padding: tuple
    dilation: tuple
    output_size: tuple

    @classmethod
    def over(cls, x, kernel, stride, padding, dilation, ceil_mode=False):
        """The window for images ``x``. Raises ValueError where it does not fit, as ``output_size`` does."""
        settings = {
            "kernel": as_pair("kernel", kernel, 1),
            "stride": as_pair("stride", stride, 1),
            "padding": as_pair("padding", padding, 0),
            "dilation": as_pair("dilation", dilation, 1),
        }
        size = x.shape[-2:]
        return cls(size, **settings, output_size=output_size(size, **settings, ceil_mode=ceil_mode))

    @cached_property
    def span(self):
        """Pixels from the first to the last tap of the window."""
        return window_span(self.kernel, self.dilation)

    @cached_property
    def padded_size(self):
        """Size of the padded images, with room for a last window that hangs over (``ceil_mode``)."""
        return tuple(
            max(size + 2 * padding, (out - 1) * stride + span)
            for size, padding, out, stride, span in zip(
                self.input_size, self.padding, self.output_size, self.stride, self.span, strict=True
            )
        )

    def pad(self, x, value=0):
        """A padded copy of ``x``: ``(..., H, W) -> (..., H_padded, W_padded)``."""
        padded = self.room(x.shape[:-2], x.dtype, value)
        self.crop(padded)[...] = x
        return padded

    def room(self, shape, dtype, value=0):
        """Padding and nothing else: ``(*shape, H_padded, W_padded)``."""
        return np.full((*shape, *self.padded_size), value, dtype)

    def crop(self, padded):
        """The images within padded images, as a view."""
        (top, left), (height, width) = self.padding, self.input_size
        return padded[..., top : top + height, left : left + width]

    def taps(self, padded, rows=None):
        """Yield for each tap of the window, row by row, what it sees: a view ``(..., rows, W_out)``.

        That is what the tap meets in ``padded`` while the window makes the given range of output rows, all by
        default. Reading it gathers, adding to it scatters.
        """
        rows = range(self.output_size[0]) if rows is None else rows
        columns = range(self.output_size[1])
        for i in range(self.kernel[0]):
            for j in range(self.kernel[1]):
                down = _positions(rows, i, self.stride[0], self.dilation[0])
                across = _positions(columns, j, self.stride[1], self.dilation[1])
                yield padded[..., down, across]

    wrapped = ()  # no tap sees another row of the image (see shifts.py)


def _positions(outputs, tap, stride, dilation):
    """Where one tap lies, along one axis, for a range of outputs."""
    first = outputs.start * stride + tap * dilation
    return slice(first, first + (len(outputs) - 1) * stride + 1, stride)
