"""timm as the oracle, where torchvision lacks the network: keys and shapes, logits and gradients."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_utils import models
from course_utils.models.nasnet import NASNet
from tests.oracles.torchvision_shim import torchvision  # noqa: F401 (timm imports it)

timm = pytest.importorskip("timm", reason="timm, the oracle, is not installed")

THEIRS = {
    "preact_resnet50": "resnetv2_50",
    "preact_resnet101": "resnetv2_101",
    "preact_resnet152": "resnetv2_152",
    "se_resnet50": "seresnet50",
    "se_resnext50_32x4d": "seresnext50_32x4d",
    "mobilenet_v1": "mobilenetv1_100",
    "efficientnet_lite0": "tf_efficientnet_lite0",
    "nasnet_a_large": "nasnetalarge",
    "inception_v4": "inception_v4",
    "inception_resnet_v2": "inception_resnet_v2",
}
# The small one by default: the others take seconds each. NASNet has a test of its own.
FAST = ("mobilenet_v1",)
by_cost = [
    pytest.param(name, marks=() if name in FAST else pytest.mark.slow)
    for name in THEIRS
    if name != "nasnet_a_large"
]


def ours(name):
    no_dropout = {"dropout": 0.0} if "dropout" in models.entry(name).options else {}  # timm's default
    return models.create(name, **no_dropout)


@pytest.mark.parametrize("name", THEIRS)
def test_same_keys_and_shapes(name):
    with torch.device("meta"):
        expected, got = timm.create_model(THEIRS[name]).state_dict(), ours(name).state_dict()
    assert {k: t.shape for k, t in got.items()} == {k: t.shape for k, t in expected.items()}


def assert_same_logits_and_gradients(theirs, mine, x):
    for name, buffer in theirs.named_buffers():
        if name.endswith("running_var"):
            buffer.uniform_(2, 4)  # keeps residual sums in range
        elif name.endswith("running_mean"):
            buffer.normal_()
    mine.load_state_dict(theirs.state_dict(), strict=True)

    expected, got = theirs(x), mine(x)
    assert torch.allclose(got, expected, rtol=1e-5, atol=1e-5 * expected.abs().max().item())
    direction = torch.randn_like(expected)
    (expected * direction).sum().backward()
    (got * direction).sum().backward()
    gradients = {key: parameter.grad for key, parameter in mine.named_parameters()}
    for key, parameter in theirs.named_parameters():
        scale = parameter.grad.abs().max().item()
        assert torch.allclose(gradients[key], parameter.grad, rtol=1e-4, atol=1e-5 * scale), key


@pytest.mark.parametrize("training", [False, True], ids=["eval", "train"])
@pytest.mark.parametrize("name", by_cost)
def test_same_logits_and_gradients(name, training):
    torch.manual_seed(0)
    theirs = timm.create_model(THEIRS[name]).train(training)
    side = 107 if name.startswith("inception") else 64
    assert_same_logits_and_gradients(theirs, ours(name).train(training), torch.randn(2, 3, side, side))


class AveragePool(nn.Module):
    """TensorFlow's "SAME" 3x3 average of stride 2, over the pixels of the image alone.

    timm's own counts the padding as pixels of value 0, although its weights come from TensorFlow.
    """

    def forward(self, x):
        margins = [side for size in reversed(x.shape[-2:]) for side in ((1, 1) if size % 2 else (0, 1))]
        total, count = (F.avg_pool2d(F.pad(t, margins), 3, 2) for t in (x, torch.ones_like(x)))
        return total / count


@pytest.mark.parametrize("training", [False, True], ids=["eval", "train"])
@pytest.mark.parametrize("side", [96, 99])  # halved five times: 48 to 3, and 49 to 4 with odd sizes between
def test_same_logits_and_gradients_of_a_thin_nasnet(side, training):
    """In float64: eighteen cells in float32 round too differently to tell a wrong wire from a right one."""
    torch.manual_seed(0)
    theirs = timm.models.nasnet.NASNetALarge(stem_size=8, num_features=192, num_classes=10)
    for module in list(theirs.modules()):
        for name, child in module.named_children():
            if isinstance(child, timm.layers.AvgPool2dSame):
                setattr(module, name, AveragePool())
    mine = NASNet(10, 3, cells=6, filters=192, stem_channels=8, imagenet=True, skip_reduction_input=True)
    x = torch.randn(2, 3, side, side, dtype=torch.float64)
    assert_same_logits_and_gradients(theirs.double().train(training), mine.double().train(training), x)
