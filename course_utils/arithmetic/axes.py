"""Arguments that hold for both image axes: a whole number for both, or a pair ``(vertical, horizontal)``."""

import operator


def whole(name, value, minimum):
    """``value`` as an int of at least ``minimum``.

    Raises TypeError for what is no whole number (3.0 and True included), ValueError for one too small.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if number < minimum:
        raise ValueError(f"{name} must be at least {minimum}, not {number}")
    return number


def is_pair(name, value):
    """Whether ``value`` is a pair; raises ValueError for a list or tuple of another length."""
    if not isinstance(value, tuple | list):
        return False
    if len(value) != 2:
        raise ValueError(f"{name} must be a whole number or a pair (vertical, horizontal), not {value!r}")
    return True


def as_pair(name, value, minimum):
    """``value`` as a pair of ints ``(vertical, horizontal)``; a single number serves both axes."""
    vertical, horizontal = value if is_pair(name, value) else (value, value)
    return whole(name, vertical, minimum), whole(name, horizontal, minimum)


def each_axis(function, minima, arguments):
    """Call ``function(**arguments)`` once, or once an axis when an argument is a pair.

    ``minima`` gives the smallest allowed value of each argument by name.
    """
    if any(is_pair(name, value) for name, value in arguments.items()):
        pairs = {name: as_pair(name, value, minima[name]) for name, value in arguments.items()}
        return tuple(function(**{name: pair[axis] for name, pair in pairs.items()}) for axis in (0, 1))
    return function(**{name: whole(name, value, minima[name]) for name, value in arguments.items()})
