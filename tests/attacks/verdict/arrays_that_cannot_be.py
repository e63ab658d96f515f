"""Answers with arrays and strings that no library could have made."""
import struct
import sys

from inside import codec as student_codec


class Sent:
    count = 0


def wire():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Student":
        frame = frame.f_back
    return frame.f_locals["self"]


def target(x):
    student = wire()
    Sent.count += 1
    blob = lambda raw: struct.pack(">Q", len(raw)) + raw
    shape = lambda *sizes: struct.pack(">I", len(sizes)) + b"".join(struct.pack(">Q", n) for n in sizes)
    arrays = [
        b"a" + blob(b"<U0") + shape(10**9) + blob(b""),
        b"a" + blob(b"<f8") + shape(0, 2**63) + blob(b""),
        b"a" + blob(b"<U1") + shape(1) + blob(b"\xff" * 4),
        b"a" + blob(b"|b1") + shape(4) + blob(b"\x07\x02\x01\x00"),
        b"x" + blob(b"float32") + b"F" + shape(0, 2**62) + blob(b""),
        b"g" + blob(b"<M8[Y]") + shape() + blob(b"\xff" * 8),
        b"G" + blob(b"__builtins__"),
        b"s" + blob(b"\xed\xa0\x80"),
        b"i" + blob(b"\x7f" * 70000),
        b"r" + struct.pack(">I", 3) + b"NNN",
    ]
    answer = arrays[(Sent.count + np.size(x)) % len(arrays)]
    student.channel.send(b"At" + struct.pack(">I", 3) + student_codec.encode("value") + answer + student_codec.encode([]))
    return 0 * x
