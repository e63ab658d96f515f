"""The bytes kept for the backward pass, against what autograd keeps when the model really runs on the CPU."""

import pytest
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks

from course_utils import models
from course_utils.ledger import account

from .nets import Concatenation, Functional, Gate, Residual, SharedTwice


def really_saved(model, size, batch):
    """Bytes of the distinct storages that autograd saves, the model's own tensors excepted."""
    own = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}
    kept = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage  # alive, so that no address is used twice
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        out = model(torch.rand(batch, *size))  # the graph must live until we have counted
    total = sum(storage.nbytes() for storage in kept.values())
    del out
    return total


def check(model, size, batch=2, training=True):
    model.train(training)
    assert account(model, size, batch, training).saved_bytes == pytest.approx(
        really_saved(model, size, batch), rel=0.002
    )


@pytest.mark.parametrize("net", [Functional, Concatenation], ids=lambda net: net.__name__)
def test_functional_networks(net):
    check(net(), (3, 32, 32))


@pytest.mark.parametrize("net", [SharedTwice, Residual, Gate], ids=lambda net: net.__name__)
def test_shared_layers_and_branches(net):
    channels = {SharedTwice: 16, Residual: 4, Gate: 3}[net]
    check(net(), (channels, 32, 32))


@pytest.mark.parametrize(
    "layer",
    [
        nn.ReLU(),
        nn.ReLU(inplace=True),
        nn.Sigmoid(),
        nn.GELU(),
        nn.Softplus(),
        nn.Dropout(0.5),
        nn.MaxPool2d(2),
        nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.LocalResponseNorm(5),
        nn.GroupNorm(2, 8),
        nn.InstanceNorm2d(8),
        nn.BatchNorm2d(8),
        nn.ConvTranspose2d(8, 4, 2, stride=2),
        nn.Softmax(1),
        nn.PReLU(),
    ],
    ids=repr,
)
@pytest.mark.parametrize("training", [True, False])
def test_layers(layer, training):
    check(nn.Sequential(nn.Conv2d(3, 8, 3), layer), (3, 32, 32), training=training)


@pytest.mark.parametrize("name", ["resnet20", "squeezenet1_1"])
@pytest.mark.parametrize("training", [True, False])
def test_models(name, training):
    size = models.entry(name).input_size
    check(models.create(name), (3, 64, 64) if size[1] > 64 else size, training=training)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "alexnet",
        "alexnet_2012",
        "vgg11",
        "googlenet_2014",
        "resnet50",
        "densenet121",
        "mobilenet_v1",
        "se_resnet50",
    ],
)
def test_large_models(name):
    check(models.create(name), models.entry(name).input_size)


def test_rows_say_where_it_goes():
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 4, 3))
    rows = account(net, (3, 10, 10), training=True).rows
    # the picture; the ReLU's output, which the pooling shares; its indices (int64); the pooled maps
    assert [row.saved_bytes for row in rows] == [300 * 4, 8 * 64 * 4, 8 * 16 * 8, 8 * 16 * 4]
