"""What an account says when it cannot be made."""

import threading
import warnings

import pytest
import torch
from torch import nn

from course_utils import models
from course_utils.ledger import account


def test_model_must_be_a_module():
    with pytest.raises(TypeError, match=r"model must be a torch.nn.Module, got function"):
        account(lambda x: x, (3, 8, 8))


@pytest.mark.parametrize(
    "size", [(), [], "3x8x8", 3, (3, 0, 8), (3, 8.0, 8), [(3, 8, 8), None], (3, -8, 8), None]
)
def test_input_size_must_be_sizes(size):
    with pytest.raises(ValueError, match="input_size must"):
        account(nn.Conv2d(3, 4, 3), size)


@pytest.mark.parametrize("batch", [0, -1, 2.0, True, "4"])
def test_batch_must_be_a_positive_whole_number(batch):
    with pytest.raises(ValueError, match="batch must be a whole number of at least 1"):
        account(nn.Conv2d(3, 4, 3), (3, 8, 8), batch=batch)


def test_an_input_too_small_says_at_which_stage_it_vanished():
    with pytest.raises(
        ValueError, match=r"lenet5 fails .*\(1, 1, 12, 12\).*'features.3', Conv2d\(6, 16.*vanishes"
    ):
        account(models.create("lenet5"), (1, 12, 12))
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.MaxPool2d(4), nn.Conv2d(4, 4, 3)))
    with pytest.raises(
        ValueError, match=r"Sequential fails .* in module '1.1', Conv2d.* gets \(1, 4, 1, 1\)"
    ):
        account(net, (3, 8, 8))


def test_wrong_number_of_channels_names_the_layer():
    with pytest.raises(ValueError, match=r"in module '0', Conv2d\(3, 4, .* gets \(1, 1, 8, 8\)"):
        account(nn.Sequential(nn.Conv2d(3, 4, 3)), (1, 8, 8))


def test_a_forward_pass_that_looks_at_values_is_told_so():
    class Data(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    with pytest.raises(ValueError, match="Data fails .* looks at the values in a tensor"):
        account(Data(), (3, 8, 8))


def test_a_model_that_cannot_be_copied():
    net = nn.Conv2d(3, 4, 3)
    net.lock = threading.Lock()
    with pytest.raises(TypeError, match="Conv2d cannot be copied.*lock"):
        account(net, (3, 8, 8))


def test_torchscript_is_refused():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted = torch.jit.script(nn.Linear(3, 3))
    with pytest.raises(TypeError, match="TorchScript.*account for the module it was made from"):
        account(nn.Sequential(scripted), (3,))


def test_batch_statistics_of_a_single_value():
    net = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(4))
    with pytest.raises(ValueError, match=r"in module '1', BatchNorm1d\(4, .*more than 1 value"):
        account(net, (4,), training=True)
    assert account(net, (4,), batch=2, training=True).rows[-1].kind == "batch_norm"


def test_a_failed_account_leaves_the_model_alone():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(5, 4, 3))
    with pytest.raises(ValueError, match="in module '1'"):
        account(net, (3, 8, 8))
    assert not net[0]._forward_hooks and not net._forward_pre_hooks
    assert net[0](torch.ones(1, 3, 8, 8)).shape == (1, 4, 6, 6)
