"""Calculations are done in float64.

Your result is float64 whatever comes in. An array made without a dtype, or a conversion to float, is float64.
A maximum is one of its inputs: keep their dtype.
"""


def max_pool_forward(x, window, stride=None, padding=0):
    images, channels, height, width = x.shape
    rows, columns = pair(window)
    step_down, step_right = pair(window if stride is None else stride)
    above, beside = pair(padding)
    out_height = output_size(height, rows, step_down, above)
    out_width = output_size(width, columns, step_right, beside)
    padded = np.pad(x, ((0, 0), (0, 0), (above, above), (beside, beside)), constant_values=-np.inf)
    out = np.zeros((images, channels, out_height, out_width))
    for i, j in np.ndindex(out_height, out_width):
        top, left = i * step_down, j * step_right
        out[:, :, i, j] = padded[:, :, top : top + rows, left : left + columns].max(axis=(2, 3))
    return out
