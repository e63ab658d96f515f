import copy
import pickle

import pytest
import torch
from torch import nn

from course_utils import models
from course_utils.transfer import freeze, freeze_batch_norm, replace_head, unfreeze, unfreeze_batch_norm


def learning(model):
    return {name for name, p in model.named_parameters() if p.requires_grad}


def test_freeze_all_then_wake_the_head(chain):
    assert freeze(chain) is chain
    assert not learning(chain)
    unfreeze(chain, "head")
    assert learning(chain) == {"8.weight", "8.bias"}


def test_a_stage_and_a_path(chain):
    freeze(chain, "stage1")
    assert learning(chain) == {"4.weight", "4.bias", "8.weight", "8.bias"}
    freeze(chain, "4")
    assert learning(chain) == {"8.weight", "8.bias"}


def test_an_unknown_part_lists_the_stages(chain):
    with pytest.raises(ValueError, match=r"'layer9' is no part .*stage1, stage2, head"):
        freeze(chain, "layer9")


def test_frozen_batch_norm_keeps_its_statistics_in_training(chain):
    freeze_batch_norm(chain)
    chain.train()
    assert chain.training and not chain[1].training
    before = chain[1].running_mean.clone()
    chain(torch.randn(8, 1, 8, 8))
    assert torch.equal(chain[1].running_mean, before)
    unfreeze_batch_norm(chain)
    chain.train()
    assert chain[1].training
    chain(torch.randn(8, 1, 8, 8))
    assert not torch.equal(chain[1].running_mean, before)


def test_a_copy_of_a_frozen_norm_is_frozen_and_independent(chain):
    twin = copy.deepcopy(freeze_batch_norm(chain))
    unfreeze_batch_norm(chain)
    twin.train()
    chain.train()
    assert chain[1].training and not twin[1].training


def test_a_network_with_frozen_norms_can_be_stored_whole(chain):
    again = pickle.loads(pickle.dumps(freeze_batch_norm(chain)))
    norms = [m for m in again.train().modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms and not any(norm.training for norm in norms)
    unfreeze_batch_norm(again).train()
    assert all(norm.training for norm in norms)


def test_only_the_named_part_is_frozen():
    net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2))
    freeze_batch_norm(net, "1")
    net.train()
    assert [net[i].training for i in (1, 3)] == [False, True]


def test_replace_head_keeps_the_features(chain):
    x = torch.randn(3, 1, 8, 8)
    body = nn.Sequential(*list(chain)[:-1]).eval()
    before = body(x)
    torch.manual_seed(5)
    replace_head(chain, 9)
    torch.manual_seed(5)
    drawn = nn.Linear(6, 9)
    assert torch.equal(chain[8].weight, drawn.weight)
    assert torch.equal(body(x), before)
    assert chain(x).shape == (3, 9)


def test_replace_head_leaves_layers_that_are_as_wide_by_chance():
    model = models.create("googlenet", 1024, aux_logits=True)  # its auxiliary heads have a layer of 1024
    replace_head(model, 7)
    outs = model.train()(torch.zeros(2, *model.input_size))
    assert [tuple(out.shape) for out in outs] == [(2, 7)] * 3


@pytest.mark.parametrize("wrong, error", [(0, ValueError), (2.0, TypeError), (True, TypeError)])
def test_replace_head_wants_a_number_of_classes(chain, wrong, error):
    with pytest.raises(error, match="num_classes"):
        replace_head(chain, wrong)
