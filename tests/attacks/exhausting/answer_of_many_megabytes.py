"""Returns more than may cross the wall. On scale."""


def scale(x):
    return np.zeros(10_000_000)
