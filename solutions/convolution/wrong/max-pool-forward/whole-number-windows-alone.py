"""A window is given by one number.

Your function can't work with a window given as a pair. pair(window) gives rows and columns in both cases.
"""


def max_pool_forward(x, window, stride=None, padding=0):
    images, channels, height, width = x.shape
    rows = columns = window
    step_down, step_right = pair(window if stride is None else stride)
    above, beside = pair(padding)
    out_height = output_size(height, rows, step_down, above)
    out_width = output_size(width, columns, step_right, beside)
    padded = np.pad(x, ((0, 0), (0, 0), (above, above), (beside, beside)), constant_values=-np.inf)
    out = np.zeros((images, channels, out_height, out_width), dtype=x.dtype)
    for i, j in np.ndindex(out_height, out_width):
        top, left = i * step_down, j * step_right
        out[:, :, i, j] = padded[:, :, top : top + rows, left : left + columns].max(axis=(2, 3))
    return out
