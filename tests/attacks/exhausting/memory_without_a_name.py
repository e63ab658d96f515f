"""Keeps memory in anonymous files and pipes, where it is nobody's. On scale."""
import os


def scale(x):
    kept = []
    try:
        for _ in range(100):
            kept.append(os.pipe())
            os.set_blocking(kept[-1][1], False)
            os.write(kept[-1][1], bytes(1 << 20))
    except OSError:
        pass
    fd = os.memfd_create("kept")
    while True:
        os.write(fd, bytes(1 << 20))
