"""Returns an iterator that never ends, where the test adds up the elements."""
import itertools


def target(x):
    return itertools.repeat(0.0)
