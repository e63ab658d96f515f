"""Raises an exception outside all hierarchies, whose text cannot be had."""


class Gone(BaseException):
    def __str__(self):
        raise Gone

    __repr__ = __str__


def target(x):
    raise Gone
