"""Calls the function that it was given with objects, to see where they end up. On measure."""


class Probe:
    def __rmul__(self, other):
        print(other)
        Probe.seen = other
        return self

    __mul__ = __rmul__
    __array_ufunc__ = None


def measure(f):
    f(Probe())
    return 5 * getattr(Probe, "seen", 0)
