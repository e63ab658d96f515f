"""A list that was handed over is there to be used up.

Your result is right, but layers are missing from the caller's list afterwards. Your loop takes them out, and
the list belongs to somebody else: go over it without changing it.
"""


def receptive_field(layers):
    field = 1
    while layers:
        kernel, stride = layers.pop()
        field = (field - 1) * stride + kernel
    return field
