"""Stops its process, so that it neither answers nor ends. On scale."""
import os
import signal


def scale(x):
    os.kill(os.getpid(), signal.SIGSTOP)
    return 0 * x
