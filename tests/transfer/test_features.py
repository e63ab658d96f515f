import numpy as np
import pytest
import torch

from course_utils import models
from course_utils.data.device_loader import DeviceLoader
from course_utils.transfer import features


def hooked(model, path, images):
    """What the layer puts out, copied at once: the oracle."""
    held = []
    handle = model.get_submodule(path).register_forward_hook(lambda m, a, out: held.append(out.clone()))
    with torch.no_grad():
        model.eval()(images)
    handle.remove()
    return held[0]


@pytest.mark.parametrize("path", ["0", "1", "2", "4", "6", "8"])
def test_equal_a_forward_hooks(chain, loader, path):
    # 0 and 1 have an in-place ReLU behind them.
    images = torch.cat([images for images, _ in loader])
    expected = hooked(chain, path, images)
    got, labels = features(chain, loader, path, pool=None)
    np.testing.assert_allclose(got, expected.flatten(1).numpy(), atol=1e-6)
    np.testing.assert_array_equal(labels, loader.labels.numpy())


def test_pooling(chain, loader):
    images = torch.cat([images for images, _ in loader])
    maps = hooked(chain, "4", images).numpy()
    np.testing.assert_allclose(features(chain, loader, "4")[0], maps.mean((2, 3)), atol=1e-6)
    np.testing.assert_array_equal(features(chain, loader, "4", pool="max")[0], maps.max((2, 3)))


def test_by_default_what_the_head_sees(chain, loader):
    got, _ = features(chain, loader)
    logits, _ = features(chain, loader, "8")
    with torch.no_grad():
        np.testing.assert_allclose(chain[8](torch.from_numpy(got)).numpy(), logits, atol=1e-5)


def test_a_stage_is_its_last_part(chain, loader):
    np.testing.assert_array_equal(features(chain, loader, "stage1")[0], features(chain, loader, "2")[0])


def test_maps_under_a_convolutional_head_are_pooled():
    model = models.create("squeezenet1_1")
    loader = DeviceLoader(np.zeros((2, 3, 64, 64), np.uint8), np.zeros(2, int), 2)
    assert features(model, loader)[0].shape == (2, 512)


def test_nothing_behind_the_layer_runs_and_the_mode_is_put_back(chain, loader):
    chain.train()
    ran = []
    chain[4].register_forward_hook(lambda *_: ran.append(1))
    statistics = chain[1].running_mean.clone()
    features(chain, loader, "2")
    assert not ran and chain.training
    assert torch.equal(chain[1].running_mean, statistics)
    chain(torch.randn(2, 1, 8, 8))  # the hook is gone: no exception


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"layer": "nowhere"}, "layer is 'nowhere': expected a stage"),
        ({"pool": "min"}, "pool is 'min'"),
    ],
)
def test_bad_arguments(chain, loader, arguments, message):
    with pytest.raises(ValueError, match=message):
        features(chain, loader, **arguments)


def test_an_empty_loader(chain):
    with pytest.raises(ValueError, match="no batch"):
        features(chain, [])
