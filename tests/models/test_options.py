"""Published variants that are options of a network rather than names of their own."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from course_utils import models


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
