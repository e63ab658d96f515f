"""Each kernel of each filter has a bias.

Your result has a bias for every pair of input and output channel. A filter sums over all its input channels
first and adds one bias to the sum.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    rows, columns = pair(kernel)
    weights = channels_out * channels_in * rows * columns
    return weights + channels_in * channels_out if bias else weights
