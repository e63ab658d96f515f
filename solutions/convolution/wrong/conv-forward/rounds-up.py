"""A last window that sticks out still counts.

Your output has one more row or column where the stride doesn't fit: its last windows stick out over the edge.
A last step that doesn't fit is not taken.
"""


def conv_forward(x, w, b=None, stride=1, padding=0):
    images, channels, height, width = x.shape
    filters, depth, rows, columns = w.shape
    if depth != channels:
        raise ValueError(f"w has depth {depth}, x has {channels} channels")
    (step_down, step_right), (above, beside) = pair(stride), pair(padding)
    out_height = -(-(height + 2 * above - rows) // step_down) + 1
    out_width = -(-(width + 2 * beside - columns) // step_right) + 1
    if min(out_height, out_width) < 1:
        raise ValueError("the kernel does not fit")
    padded = np.pad(x, ((0, 0), (0, 0), (above, above + step_down), (beside, beside + step_right)))
    out = np.zeros((images, filters, out_height, out_width), dtype=x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        top, left = i * step_down, j * step_right
        window = padded[n, :, top : top + rows, left : left + columns]
        out[n, f, i, j] = (window * w[f]).sum()
    return out if b is None else out + b[:, None, None]
