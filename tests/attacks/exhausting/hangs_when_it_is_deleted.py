"""An object that hangs when it is deleted, and another one at the end of the process. On scale."""
import atexit
import time
import weakref


class Sticky:
    def __del__(self):
        time.sleep(1000)


kept = Sticky()
weakref.finalize(kept, time.sleep, 1000)
atexit.register(time.sleep, 1000)


def scale(x):
    Sticky()
    return 0 * x
