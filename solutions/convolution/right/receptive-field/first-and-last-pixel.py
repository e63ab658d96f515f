"""Follow the first and the last pixel."""


def receptive_field(chain):
    first = last = 0
    for kernel, stride in chain[::-1]:
        first = first * stride
        last = last * stride + kernel - 1
    return last - first + 1
