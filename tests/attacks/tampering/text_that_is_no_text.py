"""Prints and raises text that cannot be written to a file: lone surrogates, control characters, endless
lines.
"""
BAD = "\ud800\udcff\x00\x1b[31m\u202e" + "=cmd()"
print(BAD, BAD * 50)


class Odd(ValueError):
    pass


Odd.__name__ = Odd.__qualname__ = BAD


def target(x):
    print(BAD)
    raise Odd(BAD)
