"""Calls itself with the limit taken off. On scale."""
import sys

sys.setrecursionlimit(10**9)


def scale(x):
    return scale([x])
