"""Sends answers of its own: every request is answered with True."""
import sys


def wire():
    frame = sys._getframe()
    while type(frame.f_locals.get("self")).__name__ != "Student":
        frame = frame.f_back
    return frame.f_locals["self"]


def target(x):
    student = wire()
    while True:
        student.reply(("value", True, []))
        student.channel.receive_with_fds()
