"""Receptive fields multiply.

You multiply the kernels. Neighbouring kernels overlap: two layers of 3 see 5 pixels, not 9.
"""


def receptive_field(layers):
    field = 1
    for kernel, _ in layers:
        field *= kernel
    return field
