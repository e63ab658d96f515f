"""Calls functions of the judge that it was never given."""
import sys

from inside import codec as student_codec


def wire():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Student":
        frame = frame.f_back
    return frame.f_locals["self"]


def target(x):
    student = wire()
    for number in range(-3, 5):
        student.channel.send(b"C" + student_codec.encode((number, (), {})))
    return 0 * x
