"""Receptive fields add up.

You add up the kernels. Neighbouring kernels overlap in all pixels but one, so a layer with stride 1 adds
kernel - 1.
"""


def receptive_field(layers):
    field, jump = 0, 1
    for kernel, stride in layers:
        field += kernel * jump
        jump *= stride
    return field
