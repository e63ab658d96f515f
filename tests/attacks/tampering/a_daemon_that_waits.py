"""Leaves a process behind, detached, that goes on after its question. On last."""
import os
import time


def last(words):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for _ in range(1000):
                try:
                    open("/tmp/planted-by-an-attack", "a").write("still here")
                except OSError:
                    pass
                time.sleep(0.1)
        os._exit(0)
    return []
