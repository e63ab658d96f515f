"""Counts against torch's modules and its flop counter."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.arithmetic import (
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
    output_size,
    pool_ops,
)

torch = pytest.importorskip("torch")
FlopCounterMode = pytest.importorskip("torch.utils.flop_counter").FlopCounterMode

small = st.integers(1, 6)


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def counted_flops(module, *shape):
    with FlopCounterMode(display=False) as counter:
        module(torch.empty(1, *shape, device="meta"))
    return counter.get_total_flops()


@given(small, small, small, st.tuples(small, small), st.booleans())
def test_convolution(groups, inside, outside, kernel, bias):
    channels = inside * groups, outside * groups
    layer = torch.nn.Conv2d(*channels, kernel, groups=groups, bias=bias, device="meta")
    assert conv_params(*channels, kernel, groups=groups, bias=bias) == parameters(layer)
    macs = conv_macs(*channels, kernel, output_size((9, 8), kernel), groups=groups)
    assert flops(macs) == counted_flops(layer, channels[0], 9, 8)


@given(small, small, st.booleans())
def test_linear(inside, outside, bias):
    layer = torch.nn.Linear(inside, outside, bias=bias, device="meta")
    assert linear_params(inside, outside, bias=bias) == parameters(layer)
    assert flops(linear_macs(inside, outside)) == counted_flops(layer, inside)


@pytest.mark.parametrize("affine", [True, False])
def test_normalisation(affine):
    layer = torch.nn.BatchNorm2d(64, affine=affine)
    assert norm_params(64, affine=affine) == parameters(layer)
    counter = 1  # num_batches_tracked, which the docstring sets aside
    assert norm_buffers(64) + counter == sum(b.numel() for b in layer.buffers())
    assert norm_macs(64, (7, 5)) == torch.empty(64, 7, 5).numel()


def test_pooling_counts_every_tap_of_every_window():
    windows = torch.zeros(1, 3, 9, 9).unfold(2, 3, 2).unfold(3, 2, 2)
    assert pool_ops(3, (3, 2), output_size(9, (3, 2), stride=2)) == windows.numel()


@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int8", "uint8"]
)
def test_bytes(dtype):
    tensor = torch.empty(2, 3, 5, dtype=getattr(torch, dtype))
    assert nbytes((2, 3, 5), dtype) == nbytes(30, dtype) == tensor.nbytes
    assert nbytes(tensor.shape, dtype) == tensor.nbytes


@given(st.integers(0, 2**60))
def test_formatted_bytes_are_the_number_to_the_last_digit(count):
    number, unit = format_bytes(count).split()
    scale = 1024 ** ("B", "KiB", "MiB", "GiB", "TiB").index(unit)
    assert math.isclose(float(number) * scale, count, abs_tol=0.051 * scale if scale > 1 else 0)


def test_the_decks_numbers():
    assert conv_params(3, 6, 5) == 456
    assert conv_params(3, 10, 5) == 760
    assert conv_params(3, 96, 11) == 34_944
    assert linear_params(9216, 4096) == 37_752_832


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: conv_params(4, 6, 3, groups=4), ValueError, "groups 4 does not divide out_channels 6"),
        (lambda: conv_macs(6, 4, 3, 8, groups=4), ValueError, "groups 4 does not divide in_channels 6"),
        (lambda: conv_params(0, 6, 3), ValueError, "in_channels must be at least 1, not 0"),
        (lambda: conv_params(3, 6, 2.5), TypeError, "kernel must be a whole number, not 2.5"),
        (lambda: conv_macs(3, 6, 3, (1, 2, 3)), ValueError, r"output_size must be .* a pair"),
        (lambda: linear_params(3.0, 6), TypeError, "in_features must be a whole number, not 3.0"),
        (lambda: nbytes((3, 3), "float31"), ValueError, "dtype must be one of float64, .* not 'float31'"),
        (lambda: nbytes((3, -1)), ValueError, "shape must be at least 0, not -1"),
        (lambda: flops(1.5), TypeError, "macs must be a whole number"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
