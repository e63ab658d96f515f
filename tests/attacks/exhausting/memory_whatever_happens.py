"""Takes memory and goes on when there is none. On scale."""


def scale(x):
    kept, size = [], 1 << 26
    while True:
        try:
            kept.append(bytearray(size))
        except MemoryError:
            size = size // 2 or 1
