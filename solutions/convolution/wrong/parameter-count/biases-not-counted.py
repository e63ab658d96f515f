"""Biases are no parameters.

Your result lacks the biases. They are learned like the weights: one for each filter.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    rows, columns = pair(kernel)
    weights = channels_out * channels_in * rows * columns
    return weights
