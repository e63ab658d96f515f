"""Published variants that are options of a network rather than names of their own."""

from functools import partial

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from course_utils import models
from course_utils.models.googlenet import Inception, NaiveInception


def count(name, **options):
    """Parameters, and multiply-adds at the native size."""
    with torch.device("meta"):
        model = models.create(name, **options).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.empty(1, *model.input_size, device="meta"))
    return sum(p.numel() for p in model.parameters()), counter.get_total_flops() // 2


@pytest.mark.parametrize("name, giga", [("resnet50", 3.858), ("resnet101", 7.570), ("resnet152", 11.282)])
def test_resnet_as_published_has_its_stride_in_the_first_1x1(name, giga):
    parameters, macs = count(name, stride_in_1x1=True)
    assert parameters == models.entry(name).parameters
    assert round(macs / 1e9, 3) == giga


@pytest.mark.parametrize("name", ["resnet20", "resnet56", "resnet110"])
def test_cifar_shortcut_b_adds_two_projections(name):
    parameters, _ = count(name, shortcut="B")
    assert parameters - models.entry(name).parameters == (16 + 2) * 32 + (32 + 2) * 64


def test_cifar_shortcut_a_takes_every_second_position_and_adds_zeros():
    block = models.create("resnet20").layer2[0].downsample
    x = torch.arange(2 * 16 * 6 * 6.0).reshape(2, 16, 6, 6)
    out = block(x)
    assert out.shape == (2, 32, 3, 3)
    assert torch.equal(out[:, :16], x[:, :, ::2, ::2])
    assert not out[:, 16:].any()


def test_a_plain_network_is_the_residual_one_without_shortcuts():
    plain, residual = (models.create(name).state_dict().keys() for name in ("plain34", "resnet34"))
    assert set(residual) - set(plain) == {key for key in residual if "downsample" in key}
    assert set(plain) < set(residual)


def test_unknown_shortcut_is_refused():
    with pytest.raises(ValueError, match=r"shortcut must be 'A' .* or 'B' .*, not 'C'"):
        models.create("resnet20", shortcut="C")


@pytest.mark.parametrize("name, with_heads", [("googlenet_2014", 13_378_280), ("googlenet", 13_004_888)])
def test_googlenet_auxiliary_heads(name, with_heads):
    parameters, macs = count(name, aux_logits=True)
    assert parameters == with_heads
    assert macs == models.entry(name).macs  # the heads only work in training
    with torch.device("meta"):
        model = models.create(name, num_classes=7, aux_logits=True)
        outputs = model(torch.empty(2, 3, 224, 224))
    assert [tuple(out.shape) for out in outputs] == [(2, 7)] * 3


def test_transform_input_needs_three_channels():
    with pytest.raises(ValueError, match=r"transform_input is for 3 channels \(RGB\), not 1"):
        models.create("googlenet", in_channels=1, transform_input=True)


@pytest.mark.parametrize(
    "module, macs, channels",
    [
        (partial(NaiveInception, 256, 128, 192, 96), 854_196_224, 672),
        (partial(Inception, 256, 128, (64, 192), (64, 96), 64), 271_351_808, 480),
    ],
    ids=["naive", "reduced"],
)
def test_reducing_channels_makes_the_inception_module_cheap(module, macs, channels):
    """The example of the lectures: 28x28x256 in, 128 1x1, 192 3x3 and 96 5x5 filters."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        out = module()(torch.empty(1, 256, 28, 28))
    assert out.shape == (1, channels, 28, 28)
    assert counter.get_total_flops() == 2 * macs
