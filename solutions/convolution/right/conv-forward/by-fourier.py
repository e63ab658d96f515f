"""The convolution theorem: turn the kernel, multiply spectra, pick the places that the stride reaches."""


def conv_forward(x, w, b=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"w has depth {w.shape[1]}, x has {x.shape[1]} channels")
    (s_h, s_w), (p_h, p_w) = pair(stride), pair(padding)
    output_size(x.shape[2], w.shape[2], s_h, p_h)  # refuses what doesn't fit
    output_size(x.shape[3], w.shape[3], s_w, p_w)
    padded = np.pad(x, ((0, 0), (0, 0), (p_h, p_h), (p_w, p_w)))
    size = [padded.shape[2] + w.shape[2] - 1, padded.shape[3] + w.shape[3] - 1]
    spectrum = np.fft.rfft2(padded, size)[:, None] * np.fft.rfft2(w[:, :, ::-1, ::-1], size)[None]
    full = np.fft.irfft2(spectrum.sum(axis=2), size)
    valid = full[:, :, w.shape[2] - 1 : padded.shape[2], w.shape[3] - 1 : padded.shape[3]]
    out = valid[:, :, ::s_h, ::s_w]
    return (out if b is None else out + b[:, None, None]).astype(x.dtype)
