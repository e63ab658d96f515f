"""Sends bytes that are no protocol."""
import struct
import sys


def wire():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Student":
        frame = frame.f_back
    return frame.f_locals["self"]


def target(x):
    channel = wire().channel
    for noise in (b"", b"A", b"A" + bytes(range(256)), b"\xff" * 999, b"Al" + struct.pack(">I", 2**32 - 1)):
        channel.sock.sendall(struct.pack(">Q", len(noise)) + noise)
    return 0 * x
