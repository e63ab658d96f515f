"""Ignores every signal that can be ignored, blocks the others, and never returns. On scale."""
import signal


def scale(x):
    for number in signal.valid_signals():
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True:
        try:
            signal.pause() if x is None else sum(range(10**6))
        except BaseException:
            pass
