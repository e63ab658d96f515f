"""Takes the cap off its own output and prints a hundred megabytes."""
import sys

import inside.student

inside.student.OUTPUT_CAP = 1 << 60
inside.student.MESSAGE_CAP = 1 << 60
for _ in range(60):
    print("x" * 500_000)


def target(x):
    raise ValueError("y" * 20_000_000)
