"""A layer is one filter.

Your result counts one filter. Every output channel has a filter of its own, with its own weights.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    rows, columns = pair(kernel)
    return channels_in * rows * columns + (1 if bias else 0)
