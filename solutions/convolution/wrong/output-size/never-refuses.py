"""A formula needs no checks: whatever comes out is the size.

Where the kernel is longer than the padded row, or the stride isn't at least 1, your function returns a number
all the same. Sizes of 0 or below make no sense; raise a ValueError that says so.
"""


def output_size(size, kernel, stride=1, padding=0):
    return (size + 2 * padding - kernel) // stride + 1
