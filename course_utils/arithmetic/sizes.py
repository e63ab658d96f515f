"""How large the output of a sliding window is, and which inputs it looks at.

All functions take whole numbers, or pairs ``(vertical, horizontal)``; see the package's docstring.
Source: Dumoulin & Visin, *A guide to convolution arithmetic for deep learning*, arXiv:1603.07285.
"""

from course_utils.arithmetic.axes import each_axis

MINIMA = {
    "input_size": 1,
    "output": 1,
    "kernel": 1,
    "stride": 1,
    "padding": 0,
    "dilation": 1,
    "output_padding": 0,
}


def window_span(kernel, dilation=1):
    """Inputs from the first to the last tap of a kernel, both included: ``dilation * (kernel - 1) + 1``.

    >>> window_span(3), window_span(3, dilation=2)
    (3, 5)
    """
    return each_axis(_span, MINIMA, {"kernel": kernel, "dilation": dilation})


def output_size(input_size, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    """Output size of a convolution or pooling layer: ``floor((input + 2 padding - span) / stride) + 1``.

    ``span = dilation * (kernel - 1) + 1``. Where the division leaves a remainder the last inputs are never
    looked at (see :func:`dropped`); ``ceil_mode=True`` rounds up instead, as torch's pooling layers do: one
    more window, hanging over the edge, provided that it starts inside the input or the padding before it.

    >>> output_size(7, kernel=3, stride=3)                  # (7 - 3) / 3 + 1 = 2.33
    2
    >>> output_size((320, 240), kernel=3, stride=(2, 1), padding=1)
    (160, 240)

    Raises ValueError where no window fits.
    """
    arguments = {
        "input_size": input_size,
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }
    return each_axis(lambda **axis: _output_size(**axis, ceil_mode=ceil_mode), MINIMA, arguments)


def transposed_output_size(input_size, kernel, stride=1, padding=0, dilation=1, output_padding=0):
    """Output size of a transposed convolution: ``(input - 1) stride - 2 padding + span + output_padding``.

    It undoes :func:`output_size`. A stride of s maps s input sizes to one output size; ``output_padding``
    (less than stride or dilation, as in torch) chooses among them.

    >>> output_size(8, kernel=3, stride=2, padding=1), output_size(7, kernel=3, stride=2, padding=1)
    (4, 4)
    >>> [transposed_output_size(4, kernel=3, stride=2, padding=1, output_padding=extra) for extra in (0, 1)]
    [7, 8]

    Raises ValueError where nothing is left after the padding is cut away.
    """
    arguments = {
        "input_size": input_size,
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "output_padding": output_padding,
    }
    return each_axis(_transposed_output_size, MINIMA, arguments)


def same_padding(kernel, stride=1, dilation=1, input_size=None):
    """Padding ``(before, after)`` for an output of ``ceil(input / stride)``: at stride 1 the input's size.

    Where the total is odd the extra one goes after, as in torch's ``padding="same"`` (stride 1 only) and
    TensorFlow's ``"SAME"``. Stride 1 needs no ``input_size``; for larger strides the answer depends on it.
    With a pair among the arguments the answer is ``((top, bottom), (left, right))``.

    >>> same_padding(3), same_padding(4), same_padding(7, stride=2, input_size=224)
    ((1, 1), (1, 2), (2, 3))

    Raises ValueError for a stride above 1 without ``input_size``.
    """
    arguments = {"kernel": kernel, "stride": stride, "dilation": dilation}
    if input_size is not None:
        arguments["input_size"] = input_size
    return each_axis(_same_padding, MINIMA, arguments)


def padding_for(output, input_size, kernel, stride=1, dilation=1):
    """The smallest symmetric padding with which the output has size ``output``.

    >>> padding_for(32, input_size=32, kernel=5)
    2
    >>> padding_for(55, input_size=224, kernel=11, stride=4)  # AlexNet's 224: needs 2 on each side
    2

    Raises ValueError, naming the sizes next to it, where no symmetric padding does
    (at stride 1 one step of padding changes the output by 2).
    """
    arguments = {
        "output": output,
        "input_size": input_size,
        "kernel": kernel,
        "stride": stride,
        "dilation": dilation,
    }
    return each_axis(_padding_for, MINIMA, arguments)


def dropped(input_size, kernel, stride=1, padding=0, dilation=1, ceil_mode=False):
    """Indices of the input rows (or columns) that no window ever looks at, as a tuple.

    They lie at the end where the division in :func:`output_size` leaves a remainder, and in the gaps of a
    stride larger than the kernel or of dilated windows. For pairs: ``(rows, columns)``.

    >>> dropped(7, kernel=3, stride=3)                      # windows at 0-2 and 3-5; nobody sees 6
    (6,)
    >>> dropped((8, 6), kernel=1, stride=2)
    ((1, 3, 5, 7), (1, 3, 5))
    """
    arguments = {
        "input_size": input_size,
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }
    return each_axis(lambda **axis: _dropped(**axis, ceil_mode=ceil_mode), MINIMA, arguments)


def _span(kernel, dilation):
    return dilation * (kernel - 1) + 1


def _output_size(input_size, kernel, stride, padding, dilation, ceil_mode):
    room = input_size + 2 * padding - _span(kernel, dilation)  # how far the first window can still move
    size = room // stride + 1
    if ceil_mode:
        size = -(-room // stride) + 1
        if (size - 1) * stride >= input_size + padding:  # it would start in the padding after the input
            size -= 1
    if size < 1:
        spread = "" if dilation == 1 else f" with dilation {dilation} (spanning {_span(kernel, dilation)})"
        raise ValueError(
            f"kernel {kernel}{spread} does not fit input {input_size} with padding {padding}: "
            f"the output would have size {size}"
        )
    return size


def _transposed_output_size(input_size, kernel, stride, padding, dilation, output_padding):
    if output_padding >= max(stride, dilation):
        raise ValueError(
            f"output_padding must be below stride {stride} or dilation {dilation}, not {output_padding}"
        )
    size = (input_size - 1) * stride - 2 * padding + _span(kernel, dilation) + output_padding
    if size < 1:
        raise ValueError(
            f"padding {padding} cuts away all of the transposed convolution of input {input_size} "
            f"with kernel {kernel} and stride {stride}: the output would have size {size}"
        )
    return size


def _same_padding(kernel, stride, dilation, input_size=None):
    if input_size is None:
        if stride > 1:
            raise ValueError(
                f"input_size is needed for stride {stride}: only at stride 1 any input has the same padding"
            )
        total = _span(kernel, dilation) - 1
    else:
        windows = -(-input_size // stride)
        total = max(0, (windows - 1) * stride + _span(kernel, dilation) - input_size)
    return total // 2, total - total // 2


def _padding_for(output, input_size, kernel, stride, dilation):
    # The windows cover (output - 1) * stride + span; padding must bring the input at least there.
    lacking = (output - 1) * stride + _span(kernel, dilation) - input_size
    padding = max(0, -(-lacking // 2))
    found = (input_size + 2 * padding - _span(kernel, dilation)) // stride + 1
    if found != output:
        given = f"kernel {kernel}, stride {stride}, dilation {dilation}"
        if padding == 0:
            raise ValueError(
                f"output {output} is smaller than input {input_size} gives without padding ({given}): {found}"
            )
        below = (input_size + 2 * (padding - 1) - _span(kernel, dilation)) // stride + 1
        raise ValueError(
            f"output {output} cannot be had from input {input_size} with symmetric padding ({given}): "
            f"padding {padding - 1} gives {max(below, 0)}, padding {padding} gives {found}"
        )
    return padding


def _dropped(input_size, kernel, stride, padding, dilation, ceil_mode):
    windows = _output_size(input_size, kernel, stride, padding, dilation, ceil_mode)
    seen = {window * stride - padding + tap * dilation for window in range(windows) for tap in range(kernel)}
    return tuple(index for index in range(input_size) if index not in seen)
