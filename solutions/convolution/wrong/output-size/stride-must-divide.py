"""A stride that doesn't fit the row exactly is an error.

Your function refuses a stride that doesn't divide the way. Nothing is wrong with it: the last step is simply
not taken, and the pixels left over are never looked at.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    if room % stride:
        raise ValueError(f"stride {stride} does not fit")
    return room // stride + 1
