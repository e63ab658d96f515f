"""Every kernel is a 3.

Your result only depends on how many layers there are and on their strides: you take every kernel for a 3.
"""


def receptive_field(layers):
    field, jump = 1, 1
    for _, stride in layers:
        field += 2 * jump
        jump *= stride
    return field
