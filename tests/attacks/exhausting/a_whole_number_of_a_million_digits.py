"""Returns whole numbers that take for ever to print. On scale."""


def scale(x):
    return 10**150_000
