"""A list that was handed over is there to be used up.

Your result is right, but the caller's list is empty afterwards. pop takes the layers out of the list that
belongs to somebody else: loop over it instead.
"""


def receptive_field(layers):
    field = 1
    while layers:
        kernel, stride = layers.pop()
        field = (field - 1) * stride + kernel
    return field
