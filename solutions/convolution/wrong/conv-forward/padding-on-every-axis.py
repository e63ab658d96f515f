"""np.pad(x, padding) pads the rows and the columns.

Your padding adds images and channels of zeros, too: what np.pad is given for one axis it does to every axis.
Give it a pair for each: ((0, 0), (0, 0), (above, above), (beside, beside)).
"""


def conv_forward(x, w, b=None, stride=1, padding=0):
    images, channels, height, width = x.shape
    filters, depth, rows, columns = w.shape
    if depth != channels:
        raise ValueError(f"w has depth {depth}, x has {channels} channels")
    (step_down, step_right), (above, beside) = pair(stride), pair(padding)
    out_height = output_size(height, rows, step_down, above)
    out_width = output_size(width, columns, step_right, beside)
    padded = np.pad(x, padding)
    out = np.zeros((images, filters, out_height, out_width), dtype=x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        top, left = i * step_down, j * step_right
        for c in range(channels):
            window = padded[n, c, top : top + rows, left : left + columns]
            out[n, f, i, j] += (window * w[f, c]).sum()
    return out if b is None else out + b[:, None, None]
