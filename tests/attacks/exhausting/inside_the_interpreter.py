"""Spends its time in a single operation that no signal handler can interrupt. On scale."""


def scale(x):
    return 7 ** 10**9
