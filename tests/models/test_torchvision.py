"""torchvision as the oracle: layer names and shapes, logits and gradients, published figures."""

import pytest
import torch

from course_utils import models
from tests.oracles.torchvision_shim import torchvision

SHARED = [
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    *("wide_resnet50_2", "resnext50_32x4d", "resnext101_32x8d"),
]
# Enough to compare numbers by default; the others repeat the same blocks and run with the slow tests.
FAST = ("resnet18",)


def theirs(name, **options):
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


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in FAST else pytest.mark.slow) for n in SHARED]
)
@pytest.mark.parametrize("training", [False, True], ids=["eval", "train"])
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
