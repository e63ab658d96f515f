"""A kernel is given by one number.

Your function can't calculate with a kernel given as a pair. pair(kernel) gives you rows and columns in both
cases.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    weights = channels_out * channels_in * kernel * kernel
    return weights + channels_out if bias else weights
