"""What holds for every registered network, whoever wrote it."""

import re
from functools import cache

import pytest
import torch
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from course_utils import models

# Real arithmetic takes time: the smaller networks always run, the others with the slow tests.
FAST_PARAMETERS = 3_000_000
# A quarter of a second and more for shapes alone; each has a shallower sister that always runs.
VERY_DEEP = (
    *(
        "resnet1202",
        "resnet110",
        "resnet152",
        "resnext101_32x8d",
        "densenet161",
        "densenet169",
        "densenet201",
    ),
    *("densenet_bc_100_12", "preact_resnet101", "preact_resnet152", "preact_resnet200", "preact_resnet164"),
    *("nasnet_a_large", "nasnet_a_cifar", "inception_resnet_v2"),
)


def _slow_if(condition, name):
    return pytest.param(name, marks=pytest.mark.slow if condition else ())


SHAPES_ONLY = [_slow_if(name in VERY_DEEP, name) for name in models.names()]
WITH_NUMBERS = [_slow_if(models.entry(name).parameters > FAST_PARAMETERS, name) for name in models.names()]


@cache
def on_meta(name, **options):
    """The network without memory, in evaluation mode; built once, for no test changes it."""
    with torch.device("meta"):
        return models.create(name, **options).eval()


def accepts(model, size):
    """Whether `model`, on the meta device, gets through a batch of inputs of this size."""
    try:
        model(torch.empty(2, *size, device="meta"))
    except ValueError:
        return False
    return True


def tiny_input(name):
    """The smallest (H, W) among a few that the network accepts: its native size if it takes no other.

    Not the smallest of all: normalising the two values that a 1x1 map has in a batch of two explodes.
    """
    model = on_meta(name)
    channels, *native = model.input_size
    for side in (16,) if min(native) <= 32 else (64, 96, 128):
        if accepts(model, (channels, side, side)):
            return side, side
    return tuple(native)


@pytest.mark.parametrize("name", models.names())
def test_parameters_are_the_published_ones(name):
    assert sum(p.numel() for p in on_meta(name).parameters()) == models.entry(name).parameters


@pytest.mark.parametrize("name", SHAPES_ONLY)
def test_macs_are_the_published_ones(name):
    published = models.entry(name)
    model = on_meta(name)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        logits = model(torch.empty(1, *published.input_size, device="meta"))
    assert logits.shape == (1, published.num_classes)
    assert counter.get_total_flops() == 2 * published.macs


@pytest.mark.parametrize("name", SHAPES_ONLY)
def test_classes_and_channels_are_free(name):
    model = on_meta(name, num_classes=7, in_channels=2)
    assert model.input_size == (2, *models.entry(name).input_size[1:])
    with torch.no_grad():
        assert model(torch.empty(3, *model.input_size, device="meta")).shape == (3, 7)


@pytest.mark.parametrize("name", SHAPES_ONLY)
def test_too_small_an_input_names_the_stage(name):
    model = on_meta(name)
    with torch.no_grad(), pytest.raises(ValueError) as caught:
        for side in (4, 0):  # a network that pads everywhere gets through with a single pixel, never without
            model(torch.empty(1, model.input_size[0], side, side, device="meta"))
    message = re.fullmatch(
        rf"{name}: input [\dx]+ (is too small: it vanishes|has the wrong .+ fits) at (\S+) \(.+",
        str(caught.value),
    )
    assert message, str(caught.value)
    assert message[2] in dict(model.named_modules())


@pytest.mark.parametrize("name", WITH_NUMBERS)
def test_trains_one_step_from_a_tiny_input(name):
    torch.manual_seed(0)
    height, width = tiny_input(name)
    channels = 1 if min(models.entry(name).input_size[1:]) <= 32 else 3
    model = models.create(name, num_classes=10, in_channels=channels)
    loss = cross_entropy(model(torch.randn(2, channels, height, width)), torch.tensor([3, 7]))
    loss.backward()
    assert torch.isfinite(loss)
    for path, parameter in model.named_parameters():
        assert parameter.grad is not None, path
        assert torch.isfinite(parameter.grad).all(), path


@pytest.mark.parametrize("name", WITH_NUMBERS)
def test_gives_finite_logits_at_its_native_size(name):
    torch.manual_seed(0)
    model = models.create(name)
    x = torch.randn(2, *model.input_size)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0  # one batch sets the averages; without, residual sums overflow when deep
    with torch.no_grad():
        model(x)
        logits = model.eval()(x)
    assert logits.shape == (2, models.entry(name).num_classes)
    assert torch.isfinite(logits).all()
