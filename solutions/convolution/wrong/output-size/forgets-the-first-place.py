"""The number of places is the number of steps.

Your result is one too small everywhere: you count the steps, but before the first step the kernel already
stands somewhere. Ten steps make eleven places.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return room // stride
