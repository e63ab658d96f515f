"""The expressions' language, and the small functions that it is made of."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.slides.expressions import NAMESPACE, evaluate
from course_utils.slides.networks import at, depth, groups, kib, layer, layers, mib, mobilenet_rows, net
from course_utils.slides.worked import convolve, layer_output, top, top_is_unique


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os')",
        "open('x')",
        "eval('1')",
        "layer.__globals__",
        "net('vgg16').__class__",
        "(lambda: 1)()",
        "[x := 1]",
        "f'{1}'",
        "unknown + 1",
    ],
)
def test_what_an_expression_may_not_do(expression):
    with pytest.raises(ValueError, match="expression"):
        evaluate(expression)


def test_an_expression_sees_arithmetic_networks_and_examples():
    assert evaluate("conv_params(3, 96, kernel=11)") == 34_944
    assert evaluate("sum(l.macs for l in layers('vgg16', 'conv1')) + net('vgg16').parameters") > 0
    assert evaluate("[n for n in range(3) if n]") == [1, 2]
    assert {"receptive_field", "net", "layer", "max_pool", "prod"} <= NAMESPACE.keys()


def test_layers_have_the_decks_names():
    assert [each.name for each in layers("alexnet_96")] == [
        "input", "conv1", "pool1", "norm1", "conv2", "pool2", "norm2", "conv3", "conv4", "conv5", "pool3",
        "flatten", "fc6", "fc7", "fc8",
    ]  # fmt: skip
    assert [each.name for each in layers("vgg16", "conv3", "pool3")] == [
        "conv3_1",
        "conv3_2",
        "conv3_3",
        "pool3",
    ]
    assert [each.name for each in layers("lenet5", "fc")] == ["fc1", "fc2", "fc3"]
    with pytest.raises(KeyError, match="alexnet has no layer 'conv6'; it has input, conv1"):
        layer("alexnet", "conv6")


@pytest.mark.parametrize("name", ["alexnet", "alexnet_2012", "vgg16", "lenet5"])
def test_layers_together_are_the_network(name):
    assert sum(each.parameters for each in layers(name)) == net(name).parameters
    assert sum(each.macs for each in layers(name)) == net(name).macs


def test_a_layer():
    conv1 = layer("alexnet", "conv1", side=227)
    assert (conv1.into, conv1.shape, conv1.hwc) == ((3, 227, 227), (64, 56, 56), (56, 56, 64))
    assert (conv1.weights, conv1.biases, conv1.parameters) == (64 * 363, 64, 64 * 364)
    assert conv1.kib == 784 and kib(256) == 1 and mib(262_144) == 1
    assert at("googlenet_2014", "conv1.conv").shape == (64, 112, 112)


@pytest.mark.parametrize(
    ("name", "layers_with_weights"),
    [
        ("lenet5", 5),
        ("alexnet_2012", 8),
        ("vgg19", 19),
        ("googlenet_2014", 22),
        ("resnet18", 18),
        ("resnet101", 101),
        ("mobilenet_v1", 28),
    ],
)
def test_depth(name, layers_with_weights):
    assert depth(name) == layers_with_weights


def test_tables():
    assert groups("alexnet_2012") == {
        "conv1": 1, "conv2": 2, "conv3": 1, "conv4": 2, "conv5": 2, "fc6": 1, "fc7": 1, "fc8": 1,
    }  # fmt: skip
    rows = mobilenet_rows()
    assert len(rows) == 21 and rows[0] == (2, (224, 224, 3)) and rows[-1] == (1, (1, 1, 1024))


GRIDS = st.lists(st.lists(st.integers(-4, 4), min_size=5, max_size=5), min_size=4, max_size=4)
KERNELS = st.lists(st.lists(st.integers(-4, 4), min_size=3, max_size=3), min_size=2, max_size=2)


@settings(max_examples=30)
@given(GRIDS, KERNELS)
def test_convolution_is_cross_correlation_with_the_flipped_kernel(grid, kernel):
    flipped = [row[::-1] for row in kernel[::-1]]
    assert convolve(grid, kernel) == layer_output(grid, flipped)
    expected = F.conv2d(torch.tensor([[grid]]).double(), torch.tensor([[kernel]]).double())
    assert layer_output(grid, kernel) == tuple(map(tuple, expected[0, 0].tolist()))


def test_top():
    names = ("cat", "dog", "alpaca", "camel")
    assert top((0.1, 0.5, 0.3, 0.1), names, 2) == "dog, alpaca"
    assert [top_is_unique((0.1, 0.5, 0.3, 0.1), k) for k in (1, 2, 3, 4)] == [True, True, False, True]
