"""ShuffleNet: the shuffle, what it connects, and the paper's table of costs."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_utils import models
from course_utils.models.shufflenet_v1 import ShuffleUnit, channel_shuffle


@given(groups=st.integers(1, 6), each=st.integers(1, 6))
def test_shuffle_is_pytorchs_and_is_undone_by_the_transposed_one(groups, each):
    x = torch.randn(2, groups * each, 3, 2)
    shuffled = channel_shuffle(x, groups)
    assert torch.equal(shuffled, nn.ChannelShuffle(groups)(x))
    assert torch.equal(channel_shuffle(shuffled, each), x)


def test_shuffle_says_what_does_not_divide():
    with pytest.raises(ValueError, match="7 channels do not divide into groups=3"):
        channel_shuffle(torch.zeros(1, 7, 1, 1), groups=3)


def test_every_output_of_a_unit_sees_every_group_of_its_input():
    """Without the shuffle, an output channel of the branch would depend on a third of the input alone."""
    unit = ShuffleUnit(36, 36, stride=1, groups=3).eval()
    x = torch.randn(1, 36, 5, 5, requires_grad=True)
    for output in range(36):
        (gradient,) = torch.autograd.grad((unit(x) - x.detach())[0, output].square().sum(), x)
        per_channel = gradient[0].abs().sum(dim=(1, 2))
        per_channel[output] = 0  # the shortcut
        assert (per_channel.reshape(3, 12).sum(dim=1) > 0).all()


def test_a_stride_2_unit_concatenates_the_average_of_its_input():
    unit = ShuffleUnit(12, 24, stride=2, groups=3).eval()
    x = torch.rand(1, 12, 8, 8)
    assert torch.equal(unit(x)[:, :12], nn.functional.avg_pool2d(x, 3, stride=2, padding=1))


# Table 2 of the paper, width 1: millions of multiply-adds, which leave the last layer out.
@pytest.mark.parametrize("groups, millions", [(1, 143), (2, 140), (3, 137), (4, 133), (8, 137)])
def test_published_multiply_adds(groups, millions):
    with torch.device("meta"):
        model = models.create("shufflenet_v1", groups=groups).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.empty(1, 3, 224, 224, device="meta"))
    macs = counter.get_total_flops() / 2 - model.fc.weight.numel()
    assert round(macs / 1e6) == millions or int(macs / 1e6) == millions, macs


def test_groups_are_the_papers():
    with pytest.raises(ValueError, match="groups must be one of 1, 2, 3, 4, 8, as in the paper, not 5"):
        models.create("shufflenet_v1", groups=5)
