"""The last layer's stride widens the last unit's field.

You add what the last stride would skip. The question is about ONE unit of the last layer: how far away its
neighbour is doesn't matter.
"""


def receptive_field(layers):
    field, jump = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump *= stride
    return field + jump - 1
