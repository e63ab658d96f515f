"""The last two axes of w are columns and rows.

Your result is exactly what comes out when the rows and columns of every kernel are exchanged. w has shape (F,
C, rows, columns).
"""


def conv_forward(x, w, b=None, stride=1, padding=0):
    w = w.transpose(0, 1, 3, 2)
    images, channels, height, width = x.shape
    filters, depth, rows, columns = w.shape
    if depth != channels:
        raise ValueError(f"w has depth {depth}, x has {channels} channels")
    (step_down, step_right), (above, beside) = pair(stride), pair(padding)
    out_height = output_size(height, rows, step_down, above)
    out_width = output_size(width, columns, step_right, beside)
    padded = np.pad(x, ((0, 0), (0, 0), (above, above), (beside, beside)))
    out = np.zeros((images, filters, out_height, out_width), dtype=x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        top, left = i * step_down, j * step_right
        window = padded[n, :, top : top + rows, left : left + columns]
        out[n, f, i, j] = (window * w[f]).sum()
    return out if b is None else out + b[:, None, None]
