"""The same where the test adds up the elements."""


def target(x):
    return range(10**15)
