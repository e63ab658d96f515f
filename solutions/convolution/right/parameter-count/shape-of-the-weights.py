"""Make the shape of w and take numpy's product, which is a numpy integer."""


def parameter_count(channels_in, channels_out, kernel, bias=True):
    shape = (channels_out, channels_in, *pair(kernel))
    return np.prod(shape) + channels_out * bool(bias)
