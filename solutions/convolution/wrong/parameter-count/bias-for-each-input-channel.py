"""A bias belongs to an input channel.

Your result has one bias for each input channel. The bias is added after the sum over the input channels: one
for each filter.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    rows, columns = pair(kernel)
    weights = channels_out * channels_in * rows * columns
    return weights + channels_in if bias else weights
