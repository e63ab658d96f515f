"""From the last layer down, asking how many units of the layer below the field needs."""


def receptive_field(layers):
    field = 1
    for kernel, stride in reversed(layers):
        field = (field - 1) * stride + kernel
    return field
