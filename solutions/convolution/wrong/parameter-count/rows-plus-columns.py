"""A kernel has as many weights as it has rows and columns together.

You add rows and columns. A kernel of 3 rows and 5 columns is a table of 15 numbers.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    rows, columns = pair(kernel)
    weights = channels_out * channels_in * (rows + columns)
    return weights + channels_out if bias else weights
