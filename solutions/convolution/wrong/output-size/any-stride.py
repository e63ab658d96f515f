"""Only the kernel can be wrong, a stride never is.

Your function doesn't look at the stride. A stride of 0 would never move and a negative one would run away to
the left: raise a ValueError for both.
"""


def output_size(size, kernel, stride=1, padding=0):
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return room // stride + 1
