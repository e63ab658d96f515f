"""Sends the beginning of an answer and then nothing."""
import struct
import sys


def wire():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Student":
        frame = frame.f_back
    return frame.f_locals["self"]


def target(x):
    import time

    wire().channel.sock.sendall(struct.pack(">Q", 1000) + b"Avalue")
    time.sleep(60)
