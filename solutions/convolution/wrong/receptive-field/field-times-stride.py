"""A stride enlarges what was seen so far.

You multiply the field so far by the stride. What the units below see is fixed; the stride moves the NEXT
layers' units apart.
"""


def receptive_field(layers):
    field = 1
    for kernel, stride in layers:
        field = field * stride + kernel - 1
    return field
