"""im2col: every window becomes a column, and the layer is one matrix product."""


def conv_forward(x, w, b=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"w has depth {w.shape[1]}, x has {x.shape[1]} channels")
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    H_out = output_size(x.shape[2], w.shape[2], s_h, p_h)
    W_out = output_size(x.shape[3], w.shape[3], s_w, p_w)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    columns = []
    for i in range(H_out):
        for j in range(W_out):
            window = padded[:, :, i * s_h : i * s_h + w.shape[2], j * s_w : j * s_w + w.shape[3]]
            columns.append(window.reshape(len(x), -1))
    columns = np.stack(columns, axis=2)  # (N, C * H_k * W_k, places)
    out = w.reshape(len(w), -1) @ columns
    if b is not None:
        out = out + b[:, None]
    return out.reshape(len(x), len(w), H_out, W_out)
