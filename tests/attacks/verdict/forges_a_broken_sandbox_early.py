"""Says so while its cell is still running."""
import sys


def wire():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Student":
        frame = frame.f_back
    return frame.f_locals["self"]


def target(x):
    return 0 * x


frame = sys._getframe()
while frame and type(frame.f_locals.get("self")).__name__ != "Student":
    frame = frame.f_back
if frame:
    frame.f_locals["self"].reply(("unconfined", "no sandbox here"))
