"""The result turns into an array only when it is looked at, and into another one each time."""


class Later:
    looked = 0

    def __array__(self, dtype=None, copy=None):
        Later.looked += 1
        return np.full((3, 4), np.nan if Later.looked % 2 else 0.0)


def target(x):
    return Later()
