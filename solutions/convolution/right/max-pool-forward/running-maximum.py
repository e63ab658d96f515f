"""No windows at all: one shifted, strided view for each place in the window, and a running maximum."""


def max_pool_forward(x, window, stride=None, padding=0):
    (rows, columns), (above, beside) = pair(window), pair(padding)
    down, right = pair(stride) if stride is not None else (rows, columns)
    height = output_size(x.shape[2], rows, down, above)
    width = output_size(x.shape[3], columns, right, beside)
    padded = np.full((*x.shape[:2], x.shape[2] + 2 * above, x.shape[3] + 2 * beside), -np.inf, dtype=x.dtype)
    padded[:, :, above : above + x.shape[2], beside : beside + x.shape[3]] = x
    best = np.full((*x.shape[:2], height, width), -np.inf, dtype=x.dtype)
    for i in range(rows):
        for j in range(columns):
            view = padded[
                :, :, i : i + (height - 1) * down + 1 : down, j : j + (width - 1) * right + 1 : right
            ]
            np.maximum(best, view, out=best)
    return best
