"""Diagnostics: right about nets whose answer is known, and they leave the net as it was."""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from course_utils.data.device_loader import DeviceLoader
from course_utils.training import gradient_norms, initial_loss_check, learning_rate_range_test, overfit


@pytest.fixture
def batch(halves):
    return next(iter(DeviceLoader(*halves, 16)))


def unchanged(model, act):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    result = act()
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    return result


def test_initial_loss_is_log_c_for_a_fair_start_only(batch, small_net):
    model = small_net(10)
    found = unchanged(model, lambda: initial_loss_check(model, batch))
    assert found.expected == pytest.approx(math.log(10)) and found.ok
    model[6].weight.data.mul_(100)
    assert not initial_loss_check(model, batch).ok


def test_overfit_learns_a_batch_by_heart_or_shows_that_it_cannot(batch, small_net):
    model = small_net()
    model[3].p = 0.0
    losses = unchanged(model, lambda: overfit(model, batch, steps=400, lr=0.1))
    assert losses[-1] < 0.01 and len(losses) < 400
    blind = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    blind[1].weight.requires_grad_(False).zero_()
    assert min(overfit(blind, batch, steps=50)) > 0.3


def test_range_test_raises_the_rate_until_the_loss_explodes(halves):
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    images, labels = halves
    loader = DeviceLoader(images, labels[::-1].copy(), 16, shuffle=True)  # nothing to learn: large steps hurt
    rates, losses = unchanged(
        model, lambda: learning_rate_range_test(model, loader, lowest=1e-4, highest=1e4, steps=60)
    )
    assert len(rates) == len(losses) < 60  # it stopped early
    assert rates[0] == pytest.approx(1e-4)
    ratio = rates[1] / rates[0]
    assert all(b / a == pytest.approx(ratio) for a, b in pairwise(rates))
    assert losses[-1] > 4 * min(losses)
    with pytest.raises(ValueError, match="lowest is 1.0 and highest 0.1"):
        learning_rate_range_test(model, loader, lowest=1.0, highest=0.1)


def test_gradient_norms_are_autograds(batch, small_net):
    model = small_net()
    model[3].p = 0.0
    model[0].weight.requires_grad_(False)
    norms = unchanged(model, lambda: gradient_norms(model, batch))
    assert list(norms) == ["1.weight", "1.bias", "6.weight", "6.bias"]
    model.train()
    nn.functional.cross_entropy(model(batch[0]), batch[1]).backward()
    for name, parameter in model.named_parameters():
        if name in norms:
            assert norms[name] == pytest.approx(parameter.grad.norm().item(), rel=1e-5)
