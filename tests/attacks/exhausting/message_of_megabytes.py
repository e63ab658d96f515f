"""Raises an exception with a text, a name and notes of megabytes. On scale."""


def scale(x):
    error = type("E" * 1_000_000, (ValueError,), {})("m" * 20_000_000)
    error.add_note("n" * 1_000_000)
    raise error
