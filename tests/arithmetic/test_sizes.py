"""Sizes against torch on the meta device, and against counting windows one by one."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from course_utils.arithmetic import (
    dropped,
    output_size,
    padding_for,
    same_padding,
    transposed_output_size,
    window_span,
)

torch = pytest.importorskip("torch")
F = torch.nn.functional

sizes, kernels, strides, paddings, dilations = (
    st.integers(low, high) for low, high in ((1, 40), (1, 7), (1, 5), (0, 4), (1, 3))
)


def torch_size(function, *arguments, **options):
    """What torch makes of it: the output's size, or None where torch refuses."""
    try:
        return tuple(function(*arguments, **options).shape[2:])
    except RuntimeError:
        return None


@given(st.tuples(sizes, sizes), st.tuples(kernels, kernels), strides, paddings, dilations)
def test_output_size_is_torchs_convolution(size, kernel, stride, padding, dilation):
    x, w = torch.empty(1, 1, *size, device="meta"), torch.empty(1, 1, *kernel, device="meta")
    expected = torch_size(F.conv2d, x, w, stride=stride, padding=padding, dilation=dilation)
    if expected is None:
        with pytest.raises(ValueError, match="does not fit"):
            output_size(size, kernel, stride, padding, dilation)
    else:
        assert output_size(size, kernel, stride, padding, dilation) == expected


@example(size=2, kernel=2, stride=3, padding=1, dilation=1, ceil_mode=True)  # one more would start outside
@given(sizes, kernels, strides, paddings, dilations, st.booleans())
def test_output_size_is_torchs_pooling_rounding_either_way(
    size, kernel, stride, padding, dilation, ceil_mode
):
    assume(padding <= kernel // 2)  # torch's rule for pooling
    x = torch.empty(1, 1, size, size, device="meta")
    options = {"stride": stride, "padding": padding, "dilation": dilation, "ceil_mode": ceil_mode}
    expected = torch_size(F.max_pool2d, x, kernel, **options)
    if expected is None:
        with pytest.raises(ValueError, match="does not fit"):
            output_size(size, kernel, **options)
    else:
        assert output_size(size, kernel, **options) == expected[0]


@given(sizes, kernels, strides, paddings, dilations, st.integers(0, 4))
def test_transposed_output_size_is_torchs(size, kernel, stride, padding, dilation, output_padding):
    x, w = torch.empty(1, 1, size, size, device="meta"), torch.empty(1, 1, kernel, kernel, device="meta")
    options = {"stride": stride, "padding": padding, "dilation": dilation, "output_padding": output_padding}
    expected = torch_size(F.conv_transpose2d, x, w, **options)
    # The meta device does not check this rule; the CPU does.
    allowed = output_padding < max(stride, dilation) and expected is not None and expected[0] >= 1
    if allowed:
        assert transposed_output_size(size, kernel, **options) == expected[0]
    else:
        with pytest.raises(ValueError, match=r"output_padding must be below|cuts away"):
            transposed_output_size(size, kernel, **options)


@given(sizes, kernels, strides, paddings, dilations)
def test_transposed_convolution_undoes_the_size(size, kernel, stride, padding, dilation):
    assume(size + 2 * padding >= window_span(kernel, dilation))
    small = output_size(size, kernel, stride, padding, dilation)
    rest = (size + 2 * padding - window_span(kernel, dilation)) % stride
    assert transposed_output_size(small, kernel, stride, padding, dilation, output_padding=rest) == size


@given(sizes, kernels, strides, paddings, dilations, st.booleans())
def test_dropped_is_what_gets_no_gradient(size, kernel, stride, padding, dilation, ceil_mode):
    """An input that no window looks at gets gradient zero from the sum of the outputs."""
    assume(size + 2 * padding >= window_span(kernel, dilation))
    x = torch.zeros(1, 1, 1, size, requires_grad=True)
    if ceil_mode:
        # Convolution has no ceil_mode: give it the padding on the right that the extra window hangs over.
        windows = output_size(size, kernel, stride, padding, dilation, ceil_mode=True)
        after = max(0, (windows - 1) * stride + window_span(kernel, dilation) - size - padding)
    else:
        after = padding
    padded = F.pad(x, (padding, after))
    F.conv2d(padded, torch.ones(1, 1, 1, kernel), stride=stride, dilation=dilation).sum().backward()
    expected = tuple(torch.nonzero(x.grad.flatten() == 0).flatten().tolist())
    assert dropped(size, kernel, stride, padding, dilation, ceil_mode) == expected


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@given(sizes, kernels, dilations)
def test_same_padding_is_torchs_at_stride_1(size, kernel, dilation):
    x, w = (
        torch.arange(size, dtype=torch.float64).reshape(1, 1, 1, size),
        torch.rand(1, 1, 1, kernel).double(),
    )
    before, after = same_padding(kernel, dilation=dilation)
    expected = F.conv2d(x, w, padding="same", dilation=dilation)
    assert torch.equal(F.conv2d(F.pad(x, (before, after)), w, dilation=dilation), expected)


@given(sizes, kernels, strides, dilations)
def test_same_padding_gives_the_input_over_the_stride_with_the_least_padding(size, kernel, stride, dilation):
    before, after = same_padding(kernel, stride, dilation, input_size=size)
    span, wanted = window_span(kernel, dilation), -(-size // stride)
    assert 0 <= after - before <= 1
    assert (size + before + after - span) // stride + 1 == wanted
    if after:
        assert size + before + after - 1 < span or (size + before + after - 1 - span) // stride + 1 < wanted


@given(sizes, sizes, kernels, strides, dilations)
def test_padding_for_is_the_smallest_that_works(output, size, kernel, stride, dilation):
    def gives(padding):
        try:
            return output_size(size, kernel, stride, padding, dilation)
        except ValueError:
            return 0

    smallest = next((p for p in range(150) if gives(p) >= output), None)
    if gives(smallest) == output:
        assert padding_for(output, size, kernel, stride, dilation) == smallest
    else:
        with pytest.raises(ValueError, match=f"output {output} "):
            padding_for(output, size, kernel, stride, dilation)


def test_the_decks_puzzles():
    assert [output_size(7, 3, stride) for stride in (1, 2, 3)] == [5, 3, 2]
    assert dropped(7, 3, stride=3) == (6,)
    assert output_size(7, 3, padding=1) == 7
    assert [same_padding(kernel) for kernel in (3, 5, 7)] == [(1, 1), (2, 2), (3, 3)]
    assert output_size(227, 11, stride=4) == 55


def test_pairs_and_numbers_mix():
    assert output_size((32, 20), 5, stride=(1, 2), padding=2) == (32, 10)
    assert output_size(32, (5, 1)) == (28, 32)
    assert output_size([32, 20], 5) == (28, 16)
    assert same_padding((1, 7)) == ((0, 0), (3, 3))
    assert padding_for(32, 32, (1, 7)) == (0, 3)
    assert dropped((7, 8), 3, stride=3) == ((6,), (6, 7))


def test_a_kernel_that_does_not_fit_is_named():
    message = "kernel 5 does not fit input 3 with padding 0: the output would have size -1"
    with pytest.raises(ValueError, match=f"^{message}$"):
        output_size(3, 5)
    with pytest.raises(ValueError, match=r"kernel 3 with dilation 4 \(spanning 9\) does not fit input 7"):
        dropped(7, 3, dilation=4)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((7.0, 3), TypeError, "input_size must be a whole number, not 7.0"),
        ((7, True), TypeError, "kernel must be a whole number, not True"),
        ((7, "3"), TypeError, "kernel must be a whole number, not '3'"),
        ((7, 3, 0), ValueError, "stride must be at least 1, not 0"),
        ((7, 3, 1, -1), ValueError, "padding must be at least 0, not -1"),
        ((7, 3, 1, 0, 0), ValueError, "dilation must be at least 1, not 0"),
        ((0, 3), ValueError, "input_size must be at least 1, not 0"),
        (((7, 7, 7), 3), ValueError, r"input_size must be a whole number or a pair .* not \(7, 7, 7\)"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        output_size(*arguments)


def test_other_errors_say_what_would_be_right():
    with pytest.raises(ValueError, match="input_size is needed for stride 2"):
        same_padding(3, stride=2)
    with pytest.raises(ValueError, match="padding 0 gives 3, padding 1 gives 5"):
        padding_for(4, input_size=5, kernel=3)
    with pytest.raises(ValueError, match=r"output 2 is smaller than input 9 gives without padding .*: 7"):
        padding_for(2, input_size=9, kernel=3)
    with pytest.raises(ValueError, match="padding 4 cuts away all"):
        transposed_output_size(2, kernel=3, padding=4)


def test_numpy_integers_are_whole_numbers():
    numpy = pytest.importorskip("numpy")
    size = output_size(numpy.int64(7), numpy.uint8(3))
    assert size == 5
    assert type(size) is int
