"""There is always a first layer.

Your function fails for an empty list. Without layers the answer is 1; a loop that starts from 1 needs no
first layer.
"""


def receptive_field(layers):
    field, jump = layers[0]
    for kernel, stride in layers[1:]:
        field += (kernel - 1) * jump
        jump *= stride
    return field
