"""Only the stride of the layer just below matters.

You use the stride of the layer just below. The distances multiply through the whole chain: after two layers
of stride 2 neighbours are 4 pixels apart.
"""


def receptive_field(layers):
    field, jump = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump = stride
    return field
