"""A layer's stride spreads the layer's own kernel.

You count a layer's stride for that layer already. The stride says how far apart the layer's outputs are; the
kernel of the layer itself stands on neighbours of the layer below. Change the jump after the layer, not
before.
"""


def receptive_field(layers):
    field, jump = 1, 1
    for kernel, stride in layers:
        jump *= stride
        field += (kernel - 1) * jump
    return field
