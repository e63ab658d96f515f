"""No padding at all: a window that sticks out is cut off at the border."""


def max_pool_forward(x, window, stride=None, padding=0):
    N, C, H, W = x.shape
    K_h, K_w = pair(window)
    s_h, s_w = pair(stride or window)
    p_h, p_w = pair(padding)
    out = np.empty((N, C, output_size(H, K_h, s_h, p_h), output_size(W, K_w, s_w, p_w)), x.dtype)
    for n, c, i, j in np.ndindex(out.shape):
        top, left = i * s_h - p_h, j * s_w - p_w
        out[n, c, i, j] = x[n, c, max(top, 0) : top + K_h, max(left, 0) : left + K_w].max()
    return out
