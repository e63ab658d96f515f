"""Announces a frame of many exabytes."""
import struct
import sys


def wire():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Student":
        frame = frame.f_back
    return frame.f_locals["self"]


def target(x):
    wire().channel.sock.sendall(struct.pack(">Q", 1 << 62) + b"A")
    return 0 * x
