"""A filter has two dimensions.

Your result is what flat filters would need. A filter is as deep as the input: it has rows * columns weights
for EACH input channel.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    rows, columns = pair(kernel)
    weights = channels_out * rows * columns
    return weights + channels_out if bias else weights
