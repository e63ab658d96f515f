"""A list that was handed over can be turned round in place.

Your result is right, but the caller's list runs the other way afterwards. layers.reverse() turns the list
itself; reversed(layers) and layers[::-1] go through it from the end and leave it as it is.
"""


def receptive_field(layers):
    layers.reverse()
    field = 1
    for kernel, stride in layers:
        field = (field - 1) * stride + kernel
    return field
