"""A kernel that doesn't fit has zero places, so the answer is 0.

Where the kernel doesn't fit your function returns 0. That is true, but a layer with an output of size 0 is a
mistake in the network, and it is found sooner if you raise a ValueError here.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room < 0:
        return 0
    return room // stride + 1
