"""The list starts at the output.

Your result is right for the list in reverse. The list goes from the input to the output, so the first stride
spreads all later kernels. (A rule like (field - 1) * stride + kernel works from the output down.)
"""


def receptive_field(layers):
    field, jump = 1, 1
    for kernel, stride in reversed(layers):
        field += (kernel - 1) * jump
        jump *= stride
    return field
