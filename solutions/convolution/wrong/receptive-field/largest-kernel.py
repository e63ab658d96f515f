"""A unit sees as far as the largest kernel of the chain.

Your result is the largest kernel. Layers look through one another: each makes the field of the units below it
wider.
"""


def receptive_field(layers):
    return max([kernel for kernel, _ in layers], default=1)
