"""A kernel is given by a pair.

Your function can't calculate with a kernel given as one number. pair(kernel) gives you rows and columns in
both cases.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    rows, columns = kernel
    weights = channels_out * channels_in * rows * columns
    return weights + channels_out if bias else weights
