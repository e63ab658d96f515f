"""Padding with the smallest number of the map never wins, it can only draw."""


def max_pool_forward(maps, size, stride=None, padding=0):
    stride = size if stride is None else stride
    tall, wide = pair(size)
    above, beside = pair(padding)
    padded = np.pad(maps, ((0, 0), (0, 0), (above, above), (beside, beside)), constant_values=maps.min())
    rows = [
        padded[:, :, t : t + tall].max(axis=2) for t in range(0, padded.shape[2] - tall + 1, pair(stride)[0])
    ]
    tops = np.stack(rows, axis=2)
    cells = [
        tops[..., s : s + wide].max(axis=3) for s in range(0, padded.shape[3] - wide + 1, pair(stride)[1])
    ]
    return np.stack(cells, axis=3)
