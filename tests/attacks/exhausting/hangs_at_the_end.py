"""Registers a function that hangs when the process ends, and ends it. On scale."""
import atexit
import sys
import time

atexit.register(time.sleep, 1000)


def scale(x):
    sys.exit(0)
