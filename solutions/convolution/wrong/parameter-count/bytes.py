"""The question is how much memory the layer needs.

Your result is four times too large: the bytes in float32. The question is how many numbers there are.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    rows, columns = pair(kernel)
    weights = channels_out * channels_in * rows * columns
    return 4 * (weights + channels_out if bias else weights)
