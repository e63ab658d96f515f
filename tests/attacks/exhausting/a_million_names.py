"""Defines more names than anybody wants to look through. On scale."""
globals().update({f"name_{number}": number for number in range(300_000)})


def scale(x):
    return 0 * x
