"""Numbers of parameters can be floats.

Your result is a float. Parameters are counted: use whole numbers all the way, or convert with int at the end.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    rows, columns = pair(kernel)
    weights = 1.0 * channels_out * channels_in * rows * columns
    return weights + channels_out if bias else weights
