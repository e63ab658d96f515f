"""Count one filter with its bias, then all of them."""


def parameter_count(c_in, c_out, kernel, bias=True):
    try:
        tall, wide = kernel
    except TypeError:
        tall = wide = kernel
    one_filter = c_in * tall * wide
    if bias:
        one_filter += 1
    return c_out * one_filter
