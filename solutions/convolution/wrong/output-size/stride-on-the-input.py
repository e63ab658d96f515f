"""The stride shrinks the input, then the kernel slides over what is left.

You divide the input by the stride first. The stride is how far the kernel moves, so what gets divided is its
way: the padded row less the kernel.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return size // stride + 2 * padding - kernel + 1
