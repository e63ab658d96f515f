"""as_strided makes the windows out of nothing but strides."""


def conv_forward(x, w, b=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"w has depth {w.shape[1]}, x has {x.shape[1]} channels")
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    x = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    N, C, H, W = x.shape
    H_out, W_out = output_size(H, w.shape[2], s_h), output_size(W, w.shape[3], s_w)
    n, c, h, v = x.strides
    shape = (N, H_out, W_out, C, w.shape[2], w.shape[3])
    windows = np.lib.stride_tricks.as_strided(x, shape, (n, h * s_h, v * s_w, c, h, v), writeable=False)
    out = np.tensordot(windows, w, axes=((3, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)
    return out + (0 if b is None else b.reshape(-1, 1, 1))
