"""A layer has one bias.

Your result has one bias for the whole layer. Each filter has its own, so there are as many as output
channels.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    rows, columns = pair(kernel)
    weights = channels_out * channels_in * rows * columns
    return weights + 1 if bias else weights
