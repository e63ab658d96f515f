"""Opens all the files and sockets there may be. On scale."""
import os
import socket


def scale(x):
    kept = []
    try:
        while True:
            kept.append(os.open("/dev/null", os.O_RDONLY))
            kept.append(socket.socketpair())
    except OSError:
        return 0 * x
