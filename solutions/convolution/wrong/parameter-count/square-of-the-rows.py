"""Kernels are square, so the first number of the pair is enough.

Your result uses the number of rows for both directions. A kernel of (1, 4) has 1 row and 4 columns: 4 weights
a channel.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    rows, columns = pair(kernel)
    weights = channels_out * channels_in * rows * rows
    return weights + channels_out if bias else weights
