"""A network's picture has all its stages, and they add up to the network."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from torch import nn

from course_utils import models, plots
from course_utils.plots.networks import network_stages

NAMES = ["lenet5", "alexnet", "vgg16", "googlenet_2014", "resnet18", "resnet50", "squeezenet1_0", "nin"]


@pytest.fixture(autouse=True)
def close_figures():
    with mpl.rc_context():
        plots.use_style()
        yield
    plt.close("all")


def labels(name, **options):
    return [(s.label, s.times, s.shape) for s in network_stages(name, **options)]


def test_lenet_layer_by_layer():
    assert labels("lenet5") == [
        ("input", 1, (1, 32, 32)),
        ("5×5 conv", 1, (6, 28, 28)),
        ("2×2 average pool", 1, (6, 14, 14)),
        ("5×5 conv", 1, (16, 10, 10)),
        ("2×2 average pool", 1, (16, 5, 5)),
        ("linear", 1, (120,)),
        ("linear", 1, (84,)),
        ("linear", 1, (10,)),
    ]


def test_equal_blocks_are_drawn_once():
    blocks = [(times, shape) for label, times, shape in labels("resnet50") if label == "bottleneck"]
    assert blocks == [(3, (256, 56, 56)), (4, (512, 28, 28)), (6, (1024, 14, 14)), (3, (2048, 7, 7))]
    assert sum(label == "bottleneck" for label, *_ in labels("resnet50", collapse=False)) == 16
    inception = [
        (times, shape[0]) for label, times, shape in labels("googlenet_2014") if label == "inception"
    ]
    assert inception == [(2, 480), (5, 832), (2, 1024)]
    assert labels("alexnet")[5:7] == [("3×3 conv", 1, (384, 13, 13)), ("3×3 conv", 2, (256, 13, 13))]
    assert [label for label, *_ in labels("resnet50")][-2:] == ["global average pool", "linear"]


@pytest.mark.parametrize("name", NAMES)
def test_the_stages_add_up_to_the_network(name):
    stages = network_stages(name)
    assert sum(stage.macs for stage in stages) == models.entry(name).macs
    left_out = {"resnet18": 128, "resnet50": 128}  # the stem's batch norm
    assert sum(stage.parameters for stage in stages) + left_out.get(name, 0) == models.entry(name).parameters


@pytest.mark.parametrize("name", NAMES)
def test_nothing_overlaps_and_it_fits_a_phone(name):
    fig = plots.show_network(name, counts=True)
    assert fig.get_size_inches()[0] <= 3.73  # 358 pixels
    renderer = fig.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in fig.axes[0].texts]
    said = [text.get_text() for text in fig.axes[0].texts]
    assert all(fig.bbox.x0 <= box.x0 and box.x1 <= fig.bbox.x1 for box in boxes)
    for i, one in enumerate(boxes):
        for j, two in enumerate(boxes[:i]):
            apart = (
                min(one.x1, two.x1) <= max(one.x0, two.x0) or min(one.y1, two.y1) - max(one.y0, two.y0) < 3
            )
            assert apart, (said[i], said[j])


def test_counts_are_written_if_asked_for():
    def said(fig):
        return [text.get_text() for text in fig.axes[0].texts]

    assert "156 parameters" in said(plots.show_network("lenet5", counts=True))
    assert "156 parameters" not in said(plots.show_network("lenet5"))


def test_any_module_will_do():
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
    shapes = [stage.shape for stage in network_stages(net, (3, 9, 7))]
    assert shapes == [(3, 9, 7), (8, 7, 5), (8, 1, 1), (2,)]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: plots.show_network(3), TypeError, "must be a torch.nn.Module or a name, got int"),
        (lambda: plots.show_network("resnet5"), ValueError, "no network is called 'resnet5'"),
        (lambda: plots.show_network(nn.Linear(2, 3)), ValueError, "input_size is missing"),
        (lambda: plots.show_network(nn.Conv2d(3, 4, 3), (1, 8, 8)), ValueError, "fails on an input"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
