"""A kernel as long as the row doesn't fit.

Your function refuses a kernel that is exactly as long as the padded row. It fits: there is one place where it
can stand.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room <= 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return room // stride + 1
