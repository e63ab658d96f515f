"""Kills the process that keeps the state for the next question, and itself. On scale."""
import os
import signal


def scale(x):
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
