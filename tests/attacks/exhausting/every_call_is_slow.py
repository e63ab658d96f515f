"""Takes, in each call, a little less than all the time there is."""
import time


def target(x):
    time.sleep(1.5)
    return 0 * x
