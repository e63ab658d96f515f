"""Starts threads that never end and that Python waits for. On scale."""
import threading
import time


def scale(x):
    try:
        for _ in range(1000):
            threading.Thread(target=time.sleep, args=(1000,)).start()
    except RuntimeError:
        pass
    return 0 * x
