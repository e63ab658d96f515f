"""The windows must cover the map exactly.

Your function needs windows that cover the map exactly: reshape can't drop the rows and columns that are left
over. They are simply not looked at.
"""


def max_pool_forward(x, window, stride=None, padding=0):
    images, channels, height, width = x.shape
    rows, columns = pair(window)
    step_down, step_right = pair(window if stride is None else stride)
    above, beside = pair(padding)
    if (step_down, step_right, above, beside) == (rows, columns, 0, 0):
        return x.reshape(images, channels, height // rows, rows, width // columns, columns).max(axis=(3, 5))
    padded = np.pad(x, ((0, 0), (0, 0), (above, above), (beside, beside)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (rows, columns), axis=(2, 3))
    return windows[:, :, ::step_down, ::step_right].max(axis=(4, 5))
