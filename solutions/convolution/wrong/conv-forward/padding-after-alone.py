"""Padding fills up what is missing at the end.

You put all the padding below and on the right, so your first window starts at the picture's corner. padding=1
means one row of zeros above AND one below, and the same for columns.
"""


def conv_forward(x, w, b=None, stride=1, padding=0):
    images, channels, height, width = x.shape
    filters, depth, rows, columns = w.shape
    if depth != channels:
        raise ValueError(f"w has depth {depth}, x has {channels} channels")
    (step_down, step_right), (above, beside) = pair(stride), pair(padding)
    out_height = output_size(height, rows, step_down, above)
    out_width = output_size(width, columns, step_right, beside)
    padded = np.pad(x, ((0, 0), (0, 0), (0, 2 * above), (0, 2 * beside)))
    out = np.zeros((images, filters, out_height, out_width), dtype=x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        top, left = i * step_down, j * step_right
        window = padded[n, :, top : top + rows, left : left + columns]
        out[n, f, i, j] = (window * w[f]).sum()
    return out if b is None else out + b[:, None, None]
