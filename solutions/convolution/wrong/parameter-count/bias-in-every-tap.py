"""The bias is one more weight for each place of the kernel.

Your result has a bias at every place of every filter. The bias is added once, after the whole window has been
summed up.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    rows, columns = pair(kernel)
    weights = channels_out * channels_in * rows * columns
    return weights + channels_out * rows * columns if bias else weights
