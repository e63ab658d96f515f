"""The 1 belongs to the length, before the division.

Your result is exactly what comes out when the 1 is added before dividing. The first place isn't a step, so it
isn't divided by the stride: divide first, then add 1.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return (room + 1) // stride
