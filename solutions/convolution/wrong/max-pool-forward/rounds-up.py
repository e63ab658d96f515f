"""A last window that sticks out still counts.

Your output has one more row or column where the stride doesn't fit. Some libraries can do that (ceil_mode);
here a last step that doesn't fit is not taken.
"""


def max_pool_forward(x, window, stride=None, padding=0):
    images, channels, height, width = x.shape
    rows, columns = pair(window)
    step_down, step_right = pair(window if stride is None else stride)
    above, beside = pair(padding)
    out_height = -(-(height + 2 * above - rows) // step_down) + 1
    out_width = -(-(width + 2 * beside - columns) // step_right) + 1
    padded = np.pad(x, ((0, 0), (0, 0), (above, above), (beside, beside)), constant_values=-np.inf)
    out = np.zeros((images, channels, out_height, out_width), dtype=x.dtype)
    for i, j in np.ndindex(out_height, out_width):
        top, left = i * step_down, j * step_right
        out[:, :, i, j] = padded[:, :, top : top + rows, left : left + columns].max(axis=(2, 3))
    return out
