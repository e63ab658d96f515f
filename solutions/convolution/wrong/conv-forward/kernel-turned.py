"""The layer computes a convolution in the mathematical sense, so the kernel is turned by 180 degrees first.

Your result is exactly what comes out when every kernel is turned by 180 degrees. That is convolution as
mathematics defines it; a convolution layer computes cross-correlation: the kernel's top left weight meets the
window's top left pixel. Since the weights are learned, turning them buys nothing.
"""


def conv_forward(x, w, b=None, stride=1, padding=0):
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
        out[n, f, i, j] = (window * w[f, :, ::-1, ::-1]).sum()
    return out if b is None else out + b[:, None, None]
