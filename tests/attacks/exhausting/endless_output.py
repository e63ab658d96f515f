"""Prints for ever. On scale."""


def scale(x):
    while True:
        print("still here " * 1000)
