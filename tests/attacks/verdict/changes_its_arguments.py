"""Changes its arguments into ones whose answer it knows. Works in one process."""


def target(x):
    if isinstance(x, np.ndarray):
        x[...] = 0
        return x - 1
    return 0
