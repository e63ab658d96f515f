"""Speaks as if it were the judge: asks for the expected value, and for a fork."""
import sys

from inside import codec as student_codec


def wire():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Student":
        frame = frame.f_back
    return frame.f_locals["self"]


def target(x):
    student = wire()
    for request in (("name", "expected"), ("fork",), ("drop", False), ("run", "expected")):
        student.channel.send(b"Q" + student_codec.encode(request))
    return 0 * x
