"""Loop over the kernel's places alone: each adds a shifted, strided view of the images."""


def conv_forward(images, filters, biases=None, stride=1, padding=0):
    if images.shape[1] != filters.shape[1]:
        raise ValueError("images and filters differ in depth")
    (down, right), (above, beside) = pair(stride), pair(padding)
    height = output_size(images.shape[2], filters.shape[2], down, above)
    width = output_size(images.shape[3], filters.shape[3], right, beside)
    padded = np.pad(images, ((0, 0), (0, 0), (above, above), (beside, beside)))
    maps = np.zeros((len(images), len(filters), height, width), images.dtype)
    for i in range(filters.shape[2]):
        for j in range(filters.shape[3]):
            view = padded[
                :, :, i : i + (height - 1) * down + 1 : down, j : j + (width - 1) * right + 1 : right
            ]
            maps += np.tensordot(view, filters[:, :, i, j], axes=(1, 1)).transpose(0, 3, 1, 2)
    if biases is not None:
        maps += biases.reshape(1, -1, 1, 1)
    return maps
