"""The only impossible stride is 0, because one can't divide by it.

Your function accepts negative strides. The kernel moves to the right by at least one pixel: every stride
below 1 deserves a ValueError.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride == 0:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return room // stride + 1
