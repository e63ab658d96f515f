"""Writes to the file descriptors of standard output and error. On scale."""
import os


def scale(x):
    for fd in (0, 1, 2):
        for _ in range(200):
            try:
                os.write(fd, b"x" * 500_000)
            except OSError:
                break
    return 0 * x
