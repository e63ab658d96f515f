"""The stride spreads the kernel.

You spread the kernel's weights by the stride. That is dilation. The stride moves the whole kernel, whose
weights stay side by side.
"""


def conv_forward(x, w, b=None, stride=1, padding=0):
    images, channels, height, width = x.shape
    filters, depth, rows, columns = w.shape
    if depth != channels:
        raise ValueError(f"w has depth {depth}, x has {channels} channels")
    (step_down, step_right), (above, beside) = pair(stride), pair(padding)
    out_height = output_size(height, (rows - 1) * step_down + 1, 1, above)
    out_width = output_size(width, (columns - 1) * step_right + 1, 1, beside)
    padded = np.pad(x, ((0, 0), (0, 0), (above, above), (beside, beside)))
    out = np.zeros((images, filters, out_height, out_width), dtype=x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        top, left = i, j
        window = padded[n, :, top::step_down, left::step_right][:, :rows, :columns]
        out[n, f, i, j] = (window * w[f]).sum()
    return out if b is None else out + b[:, None, None]
