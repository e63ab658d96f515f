"""Returns millions of tiny values, each of which has to be read. On scale."""


def scale(x):
    return [None] * 20_000_000
