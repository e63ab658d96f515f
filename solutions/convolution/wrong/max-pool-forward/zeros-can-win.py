"""Padding is always zeros, in pooling as in convolution.

Your result is exactly what comes out when the border is padded with zeros before the maximum. Where a window
at the border holds only negative numbers, the zero wins, although it is no part of the map. Pad with
something that can never be the largest: -np.inf.
"""


def max_pool_forward(x, window, stride=None, padding=0):
    images, channels, height, width = x.shape
    rows, columns = pair(window)
    step_down, step_right = pair(window if stride is None else stride)
    above, beside = pair(padding)
    out_height = output_size(height, rows, step_down, above)
    out_width = output_size(width, columns, step_right, beside)
    padded = np.pad(x, ((0, 0), (0, 0), (above, above), (beside, beside)))
    out = np.zeros((images, channels, out_height, out_width), dtype=x.dtype)
    for i, j in np.ndindex(out_height, out_width):
        top, left = i * step_down, j * step_right
        out[:, :, i, j] = padded[:, :, top : top + rows, left : left + columns].max(axis=(2, 3))
    return out
