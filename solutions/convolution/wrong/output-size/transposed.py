"""The formula answers how large an input must be, not how large the output is.

Your result is the size that a transposed convolution makes: the formula the other way round. Here the kernel
slides over a row of the given size.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return (size - 1) * stride - 2 * padding + kernel
