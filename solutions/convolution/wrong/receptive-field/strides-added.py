"""Two layers of stride 2 put neighbours 4 apart because 2 + 2 = 4.

You add the strides up. Three layers of stride 2 put neighbours 8 pixels apart, not 6 or 7: each stride
multiplies the distance.
"""


def receptive_field(layers):
    field, jump = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump += stride - 1
    return field
