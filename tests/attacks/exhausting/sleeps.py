"""Does nothing, for ever. On scale."""
import time


def scale(x):
    time.sleep(10**6)
