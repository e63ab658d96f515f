"""Padding with the edge itself can't win either: the pixel it repeats is in the same window."""


def max_pool_forward(x, window, stride=None, padding=0):
    rows, columns = pair(window)
    down, right = (rows, columns) if stride is None else pair(stride)
    above, beside = pair(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (above, above), (beside, beside)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (rows, columns), axis=(2, 3))
    return windows[:, :, ::down, ::right].max(axis=(-2, -1))
