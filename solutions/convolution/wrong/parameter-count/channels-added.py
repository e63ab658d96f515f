"""A filter reads channels_in maps and writes channels_out, which makes their sum.

You add the two numbers of channels. Each output channel is joined to each input channel by a kernel of its
own: that is a product.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    rows, columns = pair(kernel)
    weights = (channels_out + channels_in) * rows * columns
    return weights + channels_out if bias else weights
