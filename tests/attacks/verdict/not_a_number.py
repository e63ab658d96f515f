"""Returns what compares with nothing: NaN, infinities, empty and masked arrays."""


def target(x):
    odd = [np.nan, np.full(np.shape(x), np.nan), np.empty(0), np.ma.masked_all(np.shape(x)), np.inf]
    return odd[np.size(x) % len(odd)]
