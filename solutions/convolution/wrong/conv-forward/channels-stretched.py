"""numpy takes care of channels that don't match.

Filters for 1 channel on images with 3 (or the other way round) go through: numpy stretches the short axis
silently. Compare the two numbers and raise a ValueError.
"""


def conv_forward(x, w, b=None, stride=1, padding=0):
    images, channels, height, width = x.shape
    filters, depth, rows, columns = w.shape
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
