"""The result is a transposed view, not contiguous in memory."""


def conv_forward(x, w, b=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"w has depth {w.shape[1]}, x has {x.shape[1]} channels")
    step, pad = pair(stride), pair(padding)
    sizes = [output_size(x.shape[a + 2], w.shape[a + 2], step[a], pad[a]) for a in (0, 1)]
    padded = np.pad(x.transpose(0, 2, 3, 1), ((0, 0), (pad[0],) * 2, (pad[1],) * 2, (0, 0)))
    kernels = w.transpose(2, 3, 1, 0).reshape(-1, len(w))
    out = np.empty((len(x), *sizes, len(w)), x.dtype)
    for i, j in np.ndindex(*sizes):
        top, left = i * step[0], j * step[1]
        out[:, i, j] = (
            padded[:, top : top + w.shape[2], left : left + w.shape[3]].reshape(len(x), -1) @ kernels
        )
    if b is not None:
        out += b
    return out.transpose(0, 3, 1, 2)
