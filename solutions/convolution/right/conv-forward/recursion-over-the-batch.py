"""One image at a time by recursion, and a helper for one map."""


def one_map(image, kernel, stride, padding):
    depth, height, width = kernel.shape
    rows = range(0, image.shape[1] - height + 1, stride[0])
    columns = range(0, image.shape[2] - width + 1, stride[1])
    return [[np.vdot(image[:, r : r + height, c : c + width], kernel) for c in columns] for r in rows]


def conv_forward(x, w, b=None, stride=1, padding=0):
    if x.shape[1] != w.shape[1]:
        raise ValueError(f"w has depth {w.shape[1]}, x has {x.shape[1]} channels")
    if len(x) > 1:
        first, rest = (conv_forward(part, w, b, stride, padding) for part in (x[:1], x[1:]))
        return np.concatenate([first, rest])
    above, beside = pair(padding)
    image = np.pad(x[0], ((0, 0), (above, above), (beside, beside)))
    for axis in (0, 1):
        output_size(image.shape[axis + 1], w.shape[axis + 2], pair(stride)[axis])
    maps = np.array([[one_map(image, kernel, pair(stride), padding) for kernel in w]], dtype=x.dtype)
    return maps if b is None else maps + b[None, :, None, None]
