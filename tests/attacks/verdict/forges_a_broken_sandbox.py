"""Says that the sandbox could not be built, which is no fault of a student's."""
import sys


def wire():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Student":
        frame = frame.f_back
    return frame.f_locals["self"]


def target(x):
    wire().reply(("unconfined", "no sandbox here"))
    return 0 * x
