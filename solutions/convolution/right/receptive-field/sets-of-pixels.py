"""Which pixels can be reached? Collect them all."""


def receptive_field(layers):
    seen = {0}
    for kernel, stride in reversed(layers):
        seen = {min(seen) * stride, max(seen) * stride + kernel - 1}
    return max(seen) - min(seen) + 1
