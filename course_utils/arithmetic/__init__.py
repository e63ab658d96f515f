"""The arithmetic of convolutional layers: sizes, counts, receptive fields. Pure Python, no dependencies.

>>> from course_utils.arithmetic import conv_params, output_size, receptive_field
>>> output_size(227, kernel=11, stride=4)              # AlexNet's first layer
55
>>> conv_params(3, 96, kernel=11)
34944
>>> receptive_field([3, 3, 3]).size                    # three 3x3 layers see what one 7x7 layer sees
7

A size, kernel, stride, padding or dilation is a whole number (both axes alike) or a pair
``(vertical, horizontal)``. Numbers in, a number out; a pair anywhere, a pair out.
"""

from course_utils.arithmetic.counts import (
    conv_macs,
    conv_params,
    flops,
    format_bytes,
    linear_macs,
    linear_params,
    nbytes,
    norm_buffers,
    norm_macs,
    norm_params,
    pool_ops,
)
from course_utils.arithmetic.receptive_field import (
    ReceptiveField,
    output_sizes,
    receptive_field,
    receptive_fields,
)
from course_utils.arithmetic.sizes import (
    dropped,
    output_size,
    padding_for,
    same_padding,
    transposed_output_size,
    window_span,
)

__all__ = [
    "ReceptiveField",
    "conv_macs",
    "conv_params",
    "dropped",
    "flops",
    "format_bytes",
    "linear_macs",
    "linear_params",
    "nbytes",
    "norm_buffers",
    "norm_macs",
    "norm_params",
    "output_size",
    "output_sizes",
    "padding_for",
    "pool_ops",
    "receptive_field",
    "receptive_fields",
    "same_padding",
    "transposed_output_size",
    "window_span",
]
