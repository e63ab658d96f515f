"""numpy's product of the strides is a good enough whole number.

Your result is a float, because np.prod of an empty list is 1.0. A number of pixels is a whole number: return
an int.
"""


def receptive_field(layers):
    strides = [stride for _, stride in layers]
    return 1 + sum((kernel - 1) * np.prod(strides[:number]) for number, (kernel, _) in enumerate(layers))
