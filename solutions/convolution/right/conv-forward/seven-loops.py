"""Nothing but loops and scalars."""


def conv_forward(x, w, b=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"w has depth {w.shape[1]}, x has {x.shape[1]} channels")
    N, C, H, W = x.shape
    F, _, K_h, K_w = w.shape
    s_h, s_w = pair(stride)
    p_h, p_w = pair(padding)
    H_out, W_out = output_size(H, K_h, s_h, p_h), output_size(W, K_w, s_w, p_w)
    out = np.zeros((N, F, H_out, W_out), x.dtype)
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    total = 0.0 if b is None else float(b[f])
                    for c in range(C):
                        for k in range(K_h):
                            for l in range(K_w):
                                r, s = i * s_h + k - p_h, j * s_w + l - p_w
                                if 0 <= r < H and 0 <= s < W:
                                    total += float(x[n, c, r, s]) * float(w[f, c, k, l])
                    out[n, f, i, j] = total
    return out
