"""The result takes for ever to print, and has a length that is negative."""
import time


class Slow:
    def __repr__(self):
        time.sleep(99)

    __str__ = __format__ = __repr__

    def __len__(self):
        return -1


def target(x):
    return Slow() if np.ndim(x) else 0
