"""The layer computes a convolution in the mathematical sense, so the kernel is turned by 180 degrees first.

Your result is exactly what comes out when every kernel is turned by 180 degrees. That is convolution as mathematics
defines it; a convolution layer computes cross-correlation: the kernel's top left weight meets the window's top left
pixel. Since the weights are learned, turning them buys nothing.
"""


def conv_forward(x, w, b=None, stride=1, padding=0):
    images, channels, height, width = x.shape
    filters, depth, rows, columns = w.shape
    if depth != channels:
        raise ValueError("w must be as deep as x")
    (step_down, step_right), (above, beside) = pair(stride), pair(padding)
    padded = np.pad(x, ((0, 0), (0, 0), (above, above), (beside, beside)))
    w = w[:, :, ::-1, ::-1]
    out = np.empty(
        (images, filters, output_size(height, rows, step_down, above), output_size(width, columns, step_right, beside)),
        dtype=x.dtype,
    )
    for n, f, i, j in np.ndindex(out.shape):
        top, left = i * step_down, j * step_right
        out[n, f, i, j] = (padded[n, :, top : top + rows, left : left + columns] * w[f]).sum()
    return out if b is None else out + b[:, None, None]
