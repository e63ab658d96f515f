"""Answers with references to objects that it was never sent."""
import struct
import sys

from inside import codec as student_codec


def wire():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Student":
        frame = frame.f_back
    return frame.f_locals["self"]


def target(x):
    student = wire()
    for number in (0, 1, 2, 2**32 - 1):
        student.channel.send(b"A" + b"t" + struct.pack(">I", 3) + student_codec.encode("value") + b"R" + struct.pack(">I", number) + b"N")
    return x
