"""Pixels that the strides skip don't count.

Your result counts a layer's reach as kernel * stride steps less the gaps. The field is the whole stretch from
the first to the last pixel, whether or not every pixel in it is looked at.
"""


def receptive_field(layers):
    field, jump = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * min(jump, field)
        jump *= stride
    return field
