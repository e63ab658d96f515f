"""With padding the output is the input divided by the stride.

Your result is the size divided by the stride, rounded up. That is what a 'same' convolution with its own
choice of padding gives; here the kernel and the padding are given, and both change the number of places.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return -(-size // stride)
