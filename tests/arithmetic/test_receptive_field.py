"""Receptive fields against gradients: an output depends on exactly the inputs that get a gradient from it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.arithmetic import output_sizes, receptive_field, receptive_fields

torch = pytest.importorskip("torch")

layers = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2))
chains = st.lists(layers, min_size=1, max_size=4)

ALEXNET = [(11, 4, 2), (3, 2), (5, 1, 2), (3, 2), (3, 1, 1), (3, 1, 1), (3, 1, 1), (3, 2)]
VGG16 = [layer for convs in (2, 2, 3, 3, 3) for layer in [(3, 1, 1)] * convs + [(2, 2)]]


@settings(max_examples=60)
@given(chains, st.integers(20, 60))
def test_the_field_is_where_the_gradient_is(chain, input_size):
    """Only its ends are compared: strides and dilations leave holes inside a field."""
    try:
        sizes = output_sizes(input_size, chain)
    except ValueError:
        return
    x = torch.ones(1, 1, input_size, dtype=torch.float64, requires_grad=True)
    y = x
    for (kernel, stride, padding, dilation), size in zip(chain, sizes[1:], strict=True):
        weight = torch.ones(1, 1, kernel, dtype=torch.float64)
        y = torch.nn.functional.conv1d(y, weight, stride=stride, padding=padding, dilation=dilation)
        assert y.shape[-1] == size

    field = receptive_field(chain)
    for index in {0, y.shape[-1] // 2, y.shape[-1] - 1}:
        (gradient,) = torch.autograd.grad(y[0, 0, index], x, retain_graph=True)
        touched = torch.nonzero(gradient[0, 0]).flatten().tolist()
        first, last = field.span(index)
        before, after = field.overflow(index, input_size)
        if before == 0 and after == 0:
            assert (touched[0], touched[-1]) == (first, last)
        assert all(first <= pixel <= last for pixel in touched)
        pixels = range(first, last + 1)
        assert before == sum(pixel < 0 for pixel in pixels)
        assert after == sum(pixel >= input_size for pixel in pixels)
        assert field.centre(index) == (first + last) / 2


def test_published_fields():
    """Araujo, Norris & Sim 2019, table 1: AlexNet 195, VGG-16 212 with effective padding 90."""
    alexnet = receptive_field(ALEXNET)
    assert (alexnet.size, alexnet.jump) == (195, 32)
    vgg16 = receptive_field(VGG16)
    assert (vgg16.size, vgg16.jump, vgg16.padding) == (212, 32, 90)


def test_the_decks_formula_holds_without_strides_and_not_with():
    for count in range(1, 6):
        assert receptive_field([5] * count).size == 1 + count * (5 - 1)
        assert receptive_field([(3, 2)] * count).size == 2 ** (count + 1) - 1


def test_fields_and_sizes_layer_by_layer():
    assert [field.size for field in receptive_fields([3, (2, 2), 3])] == [1, 3, 4, 8]
    assert output_sizes(227, ALEXNET)[-1] == 6
    assert output_sizes((224, 160), VGG16)[-1] == (7, 5)
    assert output_sizes(7, []) == [7]


def test_a_pair_anywhere_gives_a_pair():
    vertical, horizontal = receptive_field([((1, 7), 1, (0, 3)), 3])
    assert (vertical.size, horizontal.size) == (3, 9)
    assert (vertical.padding, horizontal.padding) == (0, 3)
    assert output_sizes(17, [((1, 7), 1, (0, 3)), 3]) == [(17, 17), (17, 17), (15, 15)]


def test_overflow_never_exceeds_the_field():
    field = receptive_field([(3, 1, 3)])
    assert field.span(0) == (-3, -1)
    assert field.overflow(0, input_size=5) == (3, 0)
    assert field.overflow(8, input_size=5) == (0, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: receptive_field([3, (3, 0)]), ValueError, "stride of layer 2 must be at least 1, not 0"),
        (lambda: receptive_field([3.5]), TypeError, "kernel of layer 1 must be a whole number, not 3.5"),
        (lambda: receptive_field([(3, 1, 0, 1, 1)]), ValueError, "layer 1 of the chain must be a kernel or"),
        (lambda: receptive_field([()]), ValueError, "layer 1 of the chain must be a kernel or"),
        (
            lambda: output_sizes(6, [(3, 2), 5]),
            ValueError,
            "layer 2 of the chain: kernel 5 does not fit input 2 with padding 0",
        ),
    ],
)
def test_bad_chains_say_which_layer(call, error, message):
    with pytest.raises(error, match=message):
        call()
