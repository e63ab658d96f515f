"""Stochastic depth: what training drops, what testing expects."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course_utils import models
from course_utils.models.stochastic_depth import linear_decay, stochastic_depth


def test_the_mean_over_training_is_what_testing_computes():
    torch.manual_seed(0)
    x = torch.tensor([2.0, -3.0])
    drawn = torch.stack(
        [stochastic_depth(torch.exp, x, 0.7, training=True) * torch.ones(2) for _ in range(20_000)]
    )
    tested = stochastic_depth(torch.exp, x, 0.7, training=False)
    standard_error = 0.3**0.5 * 0.7**0.5 * x.exp() / 20_000**0.5
    assert ((drawn.mean(dim=0) - tested).abs() < 4 * standard_error).all()


def test_a_dropped_branch_is_not_computed():
    calls = []

    def branch(x):
        calls.append(x)
        return x

    torch.manual_seed(0)
    results = [stochastic_depth(branch, torch.tensor(1.0), 0.5, training=True) for _ in range(1000)]
    assert len(calls) == sum(result == 1.0 for result in results)
    assert 400 < len(calls) < 600
    assert {float(result) for result in results} == {0.0, 1.0}


@given(blocks=st.integers(1, 200), last=st.floats(0.01, 1))
def test_linear_decay_is_an_arithmetic_sequence_down_to_the_last(blocks, last):
    survival = torch.tensor([1.0, *linear_decay(blocks, last)], dtype=torch.float64)
    assert len(survival) == blocks + 1
    assert survival[-1].item() == pytest.approx(last)
    assert torch.allclose(survival.diff(), torch.tensor((last - 1) / blocks, dtype=torch.float64))


@pytest.mark.parametrize("survival", [0, -0.5, 1.5])
def test_survival_is_a_probability_above_0(survival):
    with pytest.raises(ValueError, match=rf"0 < survival <= 1, not {survival}"):
        models.create("resnet20", survival=survival)


def test_resnet110_keeps_forty_of_its_54_blocks_on_average():
    """Section 3 of the paper: with linear decay to 0.5 the expected depth is (3 L - 1) / 4 blocks."""
    model = models.create("resnet110", survival=0.5)
    blocks = [block for layer in (model.layer1, model.layer2, model.layer3) for block in layer]
    assert sum(block.survival for block in blocks) == pytest.approx((3 * 54 - 1) / 4)
    assert model.state_dict().keys() == models.create("resnet110").state_dict().keys()


def test_a_dropped_block_is_its_shortcut_and_learns_nothing():
    torch.manual_seed(0)
    model = models.create("resnet20", survival=0.01)
    model(torch.randn(2, 3, 32, 32)).sum().backward()
    blocks = [block for layer in (model.layer1, model.layer2, model.layer3) for block in layer]
    dropped = [block for block in blocks if block.conv1.weight.grad is None]
    assert 0 < len(dropped) < len(blocks)
    assert all(block.bn1.num_batches_tracked == (0 if block in dropped else 1) for block in blocks)

    last = blocks[-1].eval()
    x = torch.rand(1, 64, 8, 8)
    with torch.no_grad():
        assert torch.allclose(last(x), torch.relu(x + 0.01 * last.branch(x)))
