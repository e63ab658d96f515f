"""padding is the total number of zeros, not the number on each side.

Your result is exactly what comes out when the padding is added once. padding=1 means one zero at EACH of the
two ends, so the row grows by 2.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return room // stride + 1
