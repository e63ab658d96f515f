"""Compute every place as with stride 1, then keep what the stride reaches."""


def conv_forward(x, w, b=None, stride=1, padding=0):
    assert x.ndim == 4 and w.ndim == 4
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"w has depth {w.shape[1]}, x has {x.shape[1]} channels")
    pad_h, pad_w = pair(padding)
    padded = np.zeros((x.shape[0], x.shape[1], x.shape[2] + 2 * pad_h, x.shape[3] + 2 * pad_w), x.dtype)
    padded[:, :, pad_h : pad_h + x.shape[2], pad_w : pad_w + x.shape[3]] = x
    height, width = (output_size(padded.shape[2 + a], w.shape[2 + a]) for a in (0, 1))
    every = np.empty((x.shape[0], w.shape[0], height, width), x.dtype)
    for i in range(height):
        for j in range(width):
            window = padded[:, None, :, i : i + w.shape[2], j : j + w.shape[3]]
            every[:, :, i, j] = np.sum(window * w, axis=(2, 3, 4))
    if b is not None:
        every += np.reshape(b, (-1, 1, 1))
    return every[:, :, :: pair(stride)[0], :: pair(stride)[1]]
