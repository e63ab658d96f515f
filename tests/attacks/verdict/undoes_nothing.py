"""Makes the fork before each test do nothing, so that what one test left behind meets the next."""
import os

os.fork = lambda: 0
os.waitpid = lambda *args: (0, 0)
os.setpgid = os.killpg = lambda *args: None
calls = []


def target(x):
    calls.append(x)
    return len(calls)
