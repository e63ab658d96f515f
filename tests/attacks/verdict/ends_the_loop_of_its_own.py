"""Raises an exception of its own kind of StopIteration, with a value. Works in one process."""


class Enough(StopIteration):
    pass


def target(x):
    raise Enough(0)
