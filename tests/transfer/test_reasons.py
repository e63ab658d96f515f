"""Pictures of a network's reasons, on networks whose reasons are known."""

import numpy as np
import pytest
import torch
from torch import nn

from course_utils import models
from course_utils.transfer import activation_maximisation, filter_grid, first_filters, grad_cam, occlusion_map


def pooled_net():
    """Two maps: the image, and its negative; class 0 counts the first, class 1 the second twice."""
    net = nn.Sequential(
        nn.Conv2d(1, 2, 1, bias=False),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2, 2, bias=False),
    )
    with torch.no_grad():
        net[0].weight[:] = torch.tensor([1.0, -1.0]).view(2, 1, 1, 1)
        net[4].weight[:] = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    net.input_size = (1, 6, 6)
    return net


@pytest.fixture
def image():
    return torch.linspace(-1, 1, 36).view(1, 6, 6)


@pytest.mark.parametrize(
    "target, expected", [(0, lambda x: x.clamp(min=0)), (1, lambda x: 2 * (-x).clamp(min=0))]
)
def test_grad_cam_has_the_answer_worked_out_by_hand(image, target, expected):
    # d(score)/d(map value) = weight / 36 everywhere, so the map is relu(weight / 36 * map).
    found = grad_cam(pooled_net(), image, target, "1", enlarge=False)
    torch.testing.assert_close(found, expected(image[0]) / 36)


def test_grad_cam_of_a_layer_before_an_in_place_relu_weighs_what_the_layer_gave(image):
    # The convolution's own maps: the gradient passes the ReLU where the map is positive, in 18 of 36 places.
    found = grad_cam(pooled_net(), image, 0, "0", enlarge=False)
    torch.testing.assert_close(found, (image[0] * (18 / 36) / 36).clamp(min=0))


def test_grad_cam_by_default_explains_the_highest_score_by_the_last_maps(image):
    net = pooled_net()
    torch.testing.assert_close(grad_cam(net, image), grad_cam(net, image, 1, "1"))
    batch = grad_cam(net, torch.stack([image, -image]), torch.tensor([0, 1]))
    torch.testing.assert_close(batch[0], grad_cam(net, image, 0))
    torch.testing.assert_close(batch[1], grad_cam(net, -image, 1))


def test_reasons_are_given_where_gradients_are_switched_off(chain, image):
    with torch.no_grad():
        assert grad_cam(chain, torch.randn(1, 8, 8)).shape == (8, 8)
        assert activation_maximisation(chain, 0, input_size=(1, 8, 8), steps=1)[0].shape == (1, 8, 8)
        assert not torch.is_grad_enabled()


def test_grad_cam_leaves_the_network_alone(chain):
    chain.train().requires_grad_(False)
    maps = grad_cam(chain, torch.randn(3, 1, 8, 8))
    assert maps.shape == (3, 8, 8) and maps.min() >= 0
    assert chain.training and all(p.grad is None for p in chain.parameters())
    assert not any(module._forward_hooks for module in chain.modules())


def test_occlusion_finds_the_square_that_decides():
    # Class 1 scores the sum of the pixels in one square, so covering only there loses probability.
    net = nn.Sequential(nn.Flatten(), nn.Linear(144, 2))
    with torch.no_grad():
        net[1].weight.zero_()
        net[1].bias[:] = torch.tensor([8.0, 0.0])
        net[1].weight[1].view(12, 12)[2:6, 7:11] = 1.0
    image = torch.ones(1, 12, 12)
    found = occlusion_map(net, image, 1, size=2, stride=1)
    inside = torch.zeros(12, 12, dtype=torch.bool)
    inside[2:6, 7:11] = True
    reached = nn.functional.max_pool2d(inside[None].float(), 3, 1, 1)[0] > 0  # a 2x2 square overlaps by one
    assert found[inside].min() > 0
    assert found[~reached].abs().max() < 1e-7
    assert found[~inside].max() < found[inside].max()


def test_occlusion_equals_one_forward_pass_for_each_square(chain):
    image = torch.randn(1, 8, 8)
    found = occlusion_map(chain, image, 0, size=4, stride=4, fill=0.5, batch_size=3)
    chain.eval()
    with torch.no_grad():
        whole = chain(image[None]).softmax(1)[0, 0]
        for top in (0, 4):
            for left in (0, 4):
                covered = image.clone()
                covered[:, top : top + 4, left : left + 4] = 0.5
                fall = whole - chain(covered[None]).softmax(1)[0, 0]
                torch.testing.assert_close(
                    found[top : top + 4, left : left + 4], fall.expand(4, 4), atol=1e-6, rtol=0
                )


def test_occlusion_reaches_every_pixel(chain):
    assert torch.isfinite(occlusion_map(chain, torch.randn(1, 8, 8), size=3, stride=3)).all()


def test_the_best_input_of_a_linear_unit_is_its_weights():
    net = nn.Sequential(nn.Flatten(), nn.Linear(36, 3))
    best, climbed = activation_maximisation(net, 2, input_size=(1, 6, 6), shift=0, steps=60)
    weights = net[1].weight[2].view(1, 6, 6)
    assert torch.cosine_similarity(best.flatten(), weights.flatten(), dim=0) > 0.999
    assert climbed == sorted(climbed)


def test_a_channel_is_climbed_before_the_in_place_relu_behind_it(chain):
    best, climbed = activation_maximisation(chain, 3, "0", steps=30)
    assert best.shape == (1, 8, 8) and climbed[-1] > climbed[0]
    again, _ = activation_maximisation(chain, 3, "0", steps=30)
    assert torch.equal(best, again)
    assert all(p.grad is None for p in chain.parameters())


def test_filter_grid_puts_every_weight_in_its_place():
    filters = np.arange(-6, 6, dtype=float).reshape(3, 1, 2, 2)
    grid = filter_grid(filters, columns=2)
    assert grid.shape == (5, 5)
    for i, (top, left) in enumerate([(0, 0), (0, 3), (3, 0)]):
        weights = filters[i, 0]
        np.testing.assert_allclose(
            grid[top : top + 2, left : left + 2], 0.5 + weights / abs(weights).max() / 2
        )
    assert (grid[2] == 1).all() and (grid[:, 2] == 1).all() and (grid[3:, 3:] == 1).all()


def test_first_filters_of_a_colour_network():
    filters = first_filters(models.create("resnet20"))
    assert filters.shape == (16, 3, 3, 3)
    assert filter_grid(filters).shape == (15, 15, 3)
    assert filter_grid(np.zeros((1, 3, 3, 3))).tolist() == np.full((3, 3, 3), 0.5).tolist()


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda net: grad_cam(net, torch.zeros(1, 8, 8, dtype=torch.uint8)), TypeError, "torch.uint8"),
        (lambda net: grad_cam(net, torch.zeros(8, 8)), ValueError, r"shape \(8, 8\)"),
        (lambda net: grad_cam(net, torch.zeros(1, 8, 8), 2), ValueError, "classes 0 to 1"),
        (lambda net: grad_cam(net, torch.zeros(1, 8, 8), layer="8"), ValueError, "gives no maps"),
        (lambda net: occlusion_map(net, torch.zeros(2, 1, 8, 8)), ValueError, "one image"),
        (lambda net: occlusion_map(net, torch.zeros(1, 8, 8), size=9), ValueError, "size is 9"),
        (lambda net: occlusion_map(net, torch.zeros(1, 8, 8), size=2, stride=3), ValueError, "gaps"),
        (lambda net: activation_maximisation(net, 2), ValueError, "expected 0 to 1"),
        (lambda net: activation_maximisation(net, 0, steps=0), ValueError, "steps 0"),
        (lambda net: first_filters(nn.Linear(2, 2)), ValueError, "no convolution"),
        (lambda net: filter_grid(np.zeros((4, 2, 3, 3))), ValueError, r"\(4, 2, 3, 3\)"),
    ],
)
def test_bad_arguments(chain, call, error, message):
    with pytest.raises(error, match=message):
        call(chain)


def test_a_dead_unit_is_named():
    net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Flatten(), nn.Linear(16, 2))
    with torch.no_grad():
        net[0].bias.fill_(-100)
    with pytest.raises(ValueError, match="unit 0 of 1 does not react"):
        activation_maximisation(net, 0, "1", input_size=(1, 4, 4))
