"""Starts a detached process while its cell runs; it holds on to all that it inherited."""
import os
import time


def target(x):
    return 0 * x


if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
