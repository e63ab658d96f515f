"""Raises the exception by which iterators say that they are done, so that a loop over results ends early.
Works in one process.
"""


def target(x):
    raise StopIteration
