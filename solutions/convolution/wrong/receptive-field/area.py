"""A receptive field is an area.

Your result is the square of what was asked. The question is how many pixels along one axis.
"""


def receptive_field(layers):
    field, jump = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump *= stride
    return field**2
