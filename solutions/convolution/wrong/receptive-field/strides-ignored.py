"""Every layer adds kernel - 1, whatever the strides.

Your result is 1 plus the sum of kernel - 1. That holds as long as every stride is 1. After a layer with
stride 2, neighbours are 2 pixels apart, and everything above reaches twice as far.
"""


def receptive_field(layers):
    field = 1
    for kernel, _ in layers:
        field += kernel - 1
    return field
