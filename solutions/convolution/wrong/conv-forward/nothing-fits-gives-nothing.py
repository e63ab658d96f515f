"""A kernel that doesn't fit gives an empty result.

Where the kernel doesn't fit you return an array without numbers, and the mistake would show up far away from
here. Raise a ValueError: output_size does it for you once question 1 refuses such sizes.
"""


def conv_forward(x, w, b=None, stride=1, padding=0):
    images, channels, height, width = x.shape
    filters, depth, rows, columns = w.shape
    if depth != channels:
        raise ValueError(f"w has depth {depth}, x has {channels} channels")
    (step_down, step_right), (above, beside) = pair(stride), pair(padding)
    out_height = max((height + 2 * above - rows) // step_down + 1, 0)
    out_width = max((width + 2 * beside - columns) // step_right + 1, 0)
    padded = np.pad(x, ((0, 0), (0, 0), (above, above), (beside, beside)))
    out = np.zeros((images, filters, out_height, out_width), dtype=x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        top, left = i * step_down, j * step_right
        window = padded[n, :, top : top + rows, left : left + columns]
        out[n, f, i, j] = (window * w[f]).sum()
    return out if b is None else out + b[:, None, None]
