"""A last step that doesn't fit completely still counts.

Your result is exactly what comes out when the division is rounded up. Then the last kernel would stick out
over the end of the row. Frameworks round down and never look at the pixels that are left over.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return -(-room // stride) + 1
