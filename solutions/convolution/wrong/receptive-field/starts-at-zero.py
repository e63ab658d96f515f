"""Before the first layer nothing is seen.

Your result is one too small everywhere. Without any layer a unit is a pixel, and sees that one.
"""


def receptive_field(layers):
    field, jump = 0, 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump *= stride
    return field
