"""Blocks of the later ResNets: identity shortcuts, projections, gates."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_utils import models
from course_utils.models.preact_resnet import PreActBottleneck
from course_utils.models.squeeze_excite import SEBottleneck, SqueezeExcite
from course_utils.models.wide_resnet import WideBlock


@pytest.mark.parametrize(
    "block, last", [(PreActBottleneck(32, 32, 1), "conv3"), (WideBlock(32, 32, 1, dropout=0.3), "conv2")]
)
def test_a_block_without_a_branch_passes_its_input_on_untouched(block, last):
    """Negative numbers too: no ReLU stands between two blocks."""
    nn.init.zeros_(getattr(block, last).weight)
    x = torch.randn(2, 32, 5, 5)
    assert torch.equal(block(x), x)


def test_where_the_shape_changes_the_shortcut_reads_the_activated_input():
    block = PreActBottleneck(8, 32, 2).eval()
    nn.init.zeros_(block.conv3.weight)
    x = torch.randn(2, 8, 6, 6)
    assert torch.equal(block(x), block.downsample(torch.relu(block.norm1(x))))


@pytest.mark.parametrize("name, layers", [("preact_resnet164", 164), ("preact_resnet200", 200)])
def test_layers_with_weights_from_input_to_output(name, layers):
    with torch.device("meta"):
        model = models.create(name)
    convs = [path for path, module in model.named_modules() if isinstance(module, nn.Conv2d)]
    assert len([path for path in convs if "downsample" not in path]) == layers


def test_the_wide_networks_28_are_its_convolutions_shortcuts_among_them():
    with torch.device("meta"):
        model = models.create("wrn_28_10")
    assert sum(isinstance(module, nn.Conv2d) for module in model.modules()) == 28


def test_wide_dropout_stands_inside_the_block():
    model = models.create("wrn_28_10", dropout=0.3)
    rates = [module.p for module in model.modules() if isinstance(module, nn.Dropout)]
    assert rates == [0.3] * 12


def test_the_gate_scales_every_channel_by_one_number_between_0_and_1():
    torch.manual_seed(0)
    gate = SqueezeExcite(32, reduction=4)
    x = torch.randn(2, 32, 4, 4)
    ratio = gate(x) / x
    assert torch.allclose(ratio, ratio[..., :1, :1].expand_as(ratio))
    assert ((ratio > 0) & (ratio < 1)).all()
    nn.init.zeros_(gate.fc2.weight)
    nn.init.zeros_(gate.fc2.bias)
    assert torch.allclose(gate(x), x / 2)


def test_the_gate_depends_on_all_channels_means_and_on_nothing_else():
    torch.manual_seed(0)
    gate = SqueezeExcite(16, reduction=2)
    x = torch.rand(1, 16, 4, 4)
    shuffled = x.flatten(2)[..., torch.randperm(16)].reshape(x.shape)
    assert torch.allclose((gate(x) / x)[..., 0, 0], (gate(shuffled) / shuffled)[..., 0, 0], atol=1e-6)


def test_reduction_has_to_divide_the_channels():
    with pytest.raises(ValueError, match="channels=20 do not divide by reduction=16"):
        SqueezeExcite(20)


def test_a_closed_gate_leaves_the_shortcut():
    block = SEBottleneck(32, 32, 1).eval()
    nn.init.zeros_(block.se.fc2.weight)
    nn.init.constant_(block.se.fc2.bias, -200.0)
    x = torch.randn(2, 32, 4, 4)
    assert torch.allclose(block(x), torch.relu(x))


# As published (table 2), in 10^9; the paper counts pooling and scaling too.
@pytest.mark.parametrize("name, giga", [("resnet50", 3.86), ("se_resnet50", 3.87)])
def test_published_multiply_adds_of_squeeze_and_excitation(name, giga):
    with torch.device("meta"):
        model = models.create(name, stride_in_1x1=True).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.empty(1, 3, 224, 224, device="meta"))
    assert counter.get_total_flops() / 2e9 == pytest.approx(giga, abs=0.01)
