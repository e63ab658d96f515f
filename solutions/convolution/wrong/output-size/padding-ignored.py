"""Padding changes the picture, not the number of places.

Your result is exactly what comes out without padding. The kernel slides over the padded row, which is 2 *
padding longer.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return room // stride + 1
