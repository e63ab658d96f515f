"""torchvision as the oracle: layer names and shapes, logits and gradients, published figures."""

import pytest
import torch

from course_utils import models
from tests.oracles.torchvision_shim import torchvision

SHARED = [
    *("alexnet", "vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"),
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    *("googlenet", "wide_resnet50_2", "resnext50_32x4d", "resnext101_32x8d"),
    *("densenet121", "densenet169", "densenet201", "densenet161", "squeezenet1_0", "squeezenet1_1"),
]
# Enough to compare numbers by default. The others repeat their blocks and run with the slow tests,
# in training mode, which takes in dropout and the averages of the batch.
FAST = ("resnet18", "squeezenet1_1", "googlenet")
WITH_NUMBERS = [
    *[(name, training) for name in FAST for training in (False, True)],
    *[pytest.param(name, True, marks=pytest.mark.slow) for name in SHARED if name not in FAST],
]


def theirs(name):
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    return torchvision.models.get_model(name, weights=None, **options)


@pytest.mark.parametrize("name", SHARED)
def test_same_keys_shapes_and_published_figures(name):
    weights = torchvision.models.get_model_weights(name).IMAGENET1K_V1
    with torch.device("meta"):
        expected, ours = theirs(name).state_dict(), models.create(name).state_dict()
    assert list(ours) == list(expected)
    assert {key: tensor.shape for key, tensor in ours.items()} == {k: t.shape for k, t in expected.items()}
    assert models.entry(name).parameters == weights.meta["num_params"]
    assert round(models.entry(name).macs / 1e9, 3) == weights.meta["_ops"]


@pytest.mark.parametrize("name, training", WITH_NUMBERS)
def test_same_logits_and_gradients(name, training):
    """With the same weights, dropout masks and images: equal logits, equal gradients of all parameters."""
    torch.manual_seed(0)
    reference = theirs(name).train(training)
    for buffer_name, buffer in reference.named_buffers():
        if buffer_name.endswith("running_var"):
            buffer.uniform_(2, 4)  # keeps residual sums in range and the averages from being all ones
        elif buffer_name.endswith("running_mean"):
            buffer.normal_()
    ours = models.create(name).train(training)
    ours.load_state_dict(reference.state_dict(), strict=True)

    x = torch.randn(2, 3, 64, 64)
    direction = torch.randn(2, 1000)
    results = []
    for model in (reference, ours):
        torch.manual_seed(1)
        logits = model(x)
        (logits * direction).sum().backward()
        results.append((logits, dict(model.named_parameters())))
    (expected, their_parameters), (got, our_parameters) = results
    assert torch.allclose(got, expected, rtol=1e-5, atol=1e-5 * expected.abs().max().item())
    for key, parameter in their_parameters.items():
        scale = parameter.grad.abs().max().item()
        assert torch.allclose(our_parameters[key].grad, parameter.grad, rtol=1e-4, atol=1e-5 * scale), key


def test_googlenet_with_auxiliary_heads_agrees_in_training_mode():
    torch.manual_seed(0)
    reference = torchvision.models.googlenet(weights=None, init_weights=False)
    ours = models.create("googlenet", aux_logits=True)
    ours.load_state_dict(reference.state_dict(), strict=True)
    x = torch.randn(2, 3, 64, 64)
    for model in (reference, ours):
        model.train()
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0  # the heads draw their masks in another order
    expected, got = reference(x), ours(x)
    assert got._fields == expected._fields
    for theirs_out, our_out in zip(expected, got, strict=True):
        assert torch.allclose(our_out, theirs_out, rtol=1e-5, atol=1e-5)


def test_googlenet_transforms_its_input_as_the_published_weights_need():
    torch.manual_seed(0)
    reference = torchvision.models.googlenet(
        weights=None, init_weights=False, aux_logits=False, transform_input=True
    ).eval()
    ours = models.create("googlenet", transform_input=True).eval()
    ours.load_state_dict(reference.state_dict(), strict=True)
    x = torch.randn(1, 3, 64, 64)
    assert torch.allclose(ours(x), reference(x), rtol=1e-5, atol=1e-5)
