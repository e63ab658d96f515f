"""What holds for every registered network, whoever wrote it."""

import re

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from course_utils import models

SMALL_SIDES = (8, 16, 32, 64, 96, 128)


def on_meta(name, **options):
    with torch.device("meta"):
        return models.create(name, **options)


def accepts(model, size):
    """Whether `model`, on the meta device, gets through a batch of inputs of this size."""
    try:
        model(torch.empty(2, *size, device="meta"))
    except ValueError:
        return False
    return True


def smallest_input(name, **options):
    """The smallest (C, H, W) among a few that the network accepts: its native size if it takes no other."""
    model = on_meta(name, **options)
    channels, *native = model.input_size
    for side in SMALL_SIDES:
        if side < min(native) and accepts(model, (channels, side, side)):
            return channels, side, side
    return channels, *native


@pytest.mark.parametrize("name", models.names())
def test_parameters_and_macs_are_the_published_ones(name):
    published = models.entry(name)
    model = on_meta(name).eval()
    assert sum(p.numel() for p in model.parameters()) == published.parameters
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        logits = model(torch.empty(1, *published.input_size, device="meta"))
    assert logits.shape == (1, published.num_classes)
    assert counter.get_total_flops() == 2 * published.macs


@pytest.mark.parametrize("name", models.names())
def test_classes_and_channels_are_free(name):
    model = on_meta(name, num_classes=7, in_channels=2).eval()
    assert model.input_size == (2, *models.entry(name).input_size[1:])
    assert model(torch.empty(3, *model.input_size, device="meta")).shape == (3, 7)


@pytest.mark.parametrize("name", models.names())
def test_too_small_an_input_names_the_stage(name):
    model = on_meta(name).eval()
    with pytest.raises(ValueError) as caught:  # residual networks get through down to 1x1, never below
        for side in (8, 4, 2, 1, 0):
            model(torch.empty(1, model.input_size[0], side, side, device="meta"))
    message = re.fullmatch(
        rf"{name}: input [\dx]+ (is too small: it vanishes|has the wrong .*: it no longer fits) at (\S+) \(.+",
        str(caught.value),
    )
    assert message, str(caught.value)
    assert message[2] in dict(model.named_modules())


# Real arithmetic takes time: the smaller networks always run, the others with the slow tests.
FAST = 3_000_000
by_cost = [
    pytest.param(name, marks=pytest.mark.slow if models.entry(name).parameters > FAST else ())
    for name in models.names()
]


@pytest.mark.parametrize("name", by_cost)
def test_trains_one_step_from_a_tiny_input(name):
    size = smallest_input(name)
    torch.manual_seed(0)
    model = models.create(name, num_classes=10)
    loss = torch.nn.functional.cross_entropy(model(torch.randn(2, *size)), torch.tensor([3, 7]))
    loss.backward()
    assert torch.isfinite(loss)
    for path, parameter in model.named_parameters():
        assert parameter.grad is not None, path
        assert torch.isfinite(parameter.grad).all(), path


@pytest.mark.parametrize("name", by_cost)
def test_gives_finite_logits_at_its_native_size(name):
    torch.manual_seed(0)
    model = models.create(name).eval()
    with torch.inference_mode():
        logits = model(torch.randn(1, *model.input_size))
    assert logits.shape == (1, models.entry(name).num_classes)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize(
    "name", [name for name in models.names() if max(models.entry(name).input_size[1:]) <= 32]
)
def test_small_networks_take_ten_grey_classes(name):
    model = on_meta(name, num_classes=10, in_channels=1).eval()
    assert model(torch.empty(2, *model.input_size, device="meta")).shape == (2, 10)
