"""A block's picture is its code: the boxes are what runs, the lines and shapes are its tensors."""

import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.colors import to_hex, to_rgba
from matplotlib.patches import Patch
from torch import nn

from course_utils import plots
from course_utils.models import (
    densenet,
    googlenet,
    inception_v4,
    mobilenet_v1,
    nasnet,
    preact_resnet,
    resnet,
    shufflenet_v1,
    squeeze_excite,
    squeezenet,
)
from course_utils.plots.graphs import fuse, trace
from course_utils.plots.layered import place

PAIR = [(264, 28, 28), (264, 28, 28)]
BLOCKS = {
    "basic": (resnet.BasicBlock(64, 64, 1), (64, 56, 56), ()),
    "basic, stride 2": (resnet.BasicBlock(64, 128, 2), (64, 56, 56), ()),
    "bottleneck": (resnet.Bottleneck(256, 256, 1), (256, 56, 56), ()),
    "ResNeXt": (resnet.Bottleneck(256, 256, 1, widen=2, groups=32), (256, 56, 56), ()),
    "pre-activation": (preact_resnet.PreActBottleneck(64, 256, 1), (64, 56, 56), ()),
    "naive Inception": (googlenet.NaiveInception(256, 128, 192, 96), (256, 28, 28), ()),
    "Inception": (googlenet.Inception(192, 64, (96, 128), (16, 32), 32), (192, 28, 28), ()),
    "Inception-C": (inception_v4.InceptionC(), (1536, 8, 8), ()),
    "fire": (squeezenet.Fire(96, 16, 64), (96, 55, 55), ()),
    "SE": (squeeze_excite.SqueezeExcite(256), (256, 56, 56), ()),
    "SE bottleneck": (squeeze_excite.SEBottleneck(256, 256, 1), (256, 56, 56), ()),
    "dense layer": (densenet.DenseLayer(64, 32), (64, 56, 56), ()),
    "depthwise separable": (mobilenet_v1.DepthwiseSeparable(64, 128, 2), (64, 112, 112), ()),
    "shuffle": (shufflenet_v1.ShuffleUnit(240, 240, 1, 3), (240, 28, 28), ()),
    "shuffle, stride 2": (shufflenet_v1.ShuffleUnit(240, 480, 2, 3), (240, 28, 28), ()),
    "normal cell": (nasnet.NormalCell(264, 264, 44), PAIR, (nasnet.Separable,)),
    "reduction cell": (nasnet.ReductionCell(264, 264, 88), PAIR, (nasnet.Separable,)),
}
every_block = pytest.mark.parametrize(("module", "shape", "leaves"), BLOCKS.values(), ids=BLOCKS)


@pytest.fixture(autouse=True)
def close_figures():
    with mpl.rc_context():
        plots.use_style()
        yield
    plt.close("all")


def texts(fig):
    return [text for ax in fig.axes for text in ax.texts]


def by_label(nodes):
    return {node.label: node for node in nodes}


def test_a_residual_block_is_a_branch_a_shortcut_and_a_sum():
    first, one, two, total, relu = fuse(trace(resnet.BasicBlock(64, 64, 1), (64, 56, 56)))
    assert (first.kind, first.shape) == ("input", (64, 56, 56))
    assert (one.label, one.sources, one.after) == ("3×3 conv, 64", [first], ["batch norm", "ReLU"])
    assert (two.label, two.sources, two.after) == ("3×3 conv, 64", [one], ["batch norm"])
    assert (total.label, set(total.sources), total.shape) == ("+", {two, first}, (64, 56, 56))
    assert (relu.label, relu.sources) == ("ReLU", [total])


def test_unfused_every_norm_and_activation_is_a_box():
    labels = [node.label for node in trace(resnet.BasicBlock(64, 64, 1), (64, 56, 56))]
    assert labels == [
        "input", "3×3 conv, 64", "batch norm", "ReLU", "3×3 conv, 64", "batch norm", "+", "ReLU",
    ]  # fmt: skip
    assert len(texts(plots.show_block(resnet.BasicBlock(64, 64, 1), (64, 56, 56), fused=False))) == 8 * 2


def test_pre_activation_is_drawn_before_the_layer():
    nodes = fuse(trace(densenet.DenseLayer(64, 32), (64, 56, 56)))
    one, two = [node for node in nodes if "conv" in node.label]
    assert (one.label, one.before, one.after) == ("1×1 conv, 128", ["batch norm", "ReLU"], [])
    assert (two.label, two.before, two.after) == ("3×3 conv, 32", ["batch norm", "ReLU"], [])
    assert nodes[-1].label == "concatenate" and set(nodes[-1].sources) == {nodes[0], two}


def test_stride_groups_and_a_projection_are_said():
    nodes = by_label(fuse(trace(resnet.BasicBlock(64, 128, 2), (64, 56, 56))))
    assert nodes["1×1 conv, 128"].detail == "stride 2" and nodes["1×1 conv, 128"].shape == (128, 28, 28)
    grouped = by_label(fuse(trace(*BLOCKS["ResNeXt"][:2])))["3×3 conv, 128"]
    assert (grouped.detail, grouped.kind) == ("32 groups", "grouped")
    nodes = by_label(fuse(trace(*BLOCKS["shuffle, stride 2"][:2])))
    assert nodes["3×3 depthwise, 120"].detail == "stride 2"
    assert nodes["1×1 conv, 120"].after == ["batch norm", "ReLU", "channel shuffle"]
    assert nodes["3×3 average pool"].detail == "stride 2"


def test_inception_has_four_branches_from_one_input():
    nodes = fuse(trace(*BLOCKS["Inception"][:2]))
    end = nodes[-1]
    assert (end.label, end.shape) == ("concatenate", (256, 28, 28))
    assert [source.shape[0] for source in end.sources] == [64, 128, 32, 32]
    assert sum(node.sources == [nodes[0]] for node in nodes) == 4


def test_a_gate_multiplies():
    nodes = fuse(trace(*BLOCKS["SE"][:2]))
    product = nodes[-1]
    assert product.label == "×" and product.shape == (256, 56, 56)
    assert {source.shape for source in product.sources} == {(256, 56, 56), (256, 1, 1)}
    assert by_label(nodes)["1×1 conv, 256"].after == ["sigmoid"]


def test_leaves_stay_closed_and_inputs_have_names():
    nodes = fuse(trace(*BLOCKS["normal cell"]))
    labels = [node.label for node in nodes]
    assert labels[:2] == ["input x", "input previous"]
    assert labels.count("3×3 separable, 44") == 3 and labels.count("5×5 separable, 44") == 2
    assert labels.count("+") == 5 and labels.count("3×3 average pool") == 3
    assert len(nodes[-1].sources) == 6
    opened = [node.label for node in fuse(trace(*BLOCKS["normal cell"][:2]))]
    assert opened.count("5×5 depthwise, 44") == 4


def test_a_sum_of_many_is_one_sum_and_scaling_is_a_step():
    *_, total, scaled = trace(_Mean(), (8, 4, 4))
    assert (total.label, len(total.sources)) == ("+", 3)
    assert (scaled.label, scaled.sources) == ("÷ 3", [total])


class _Mean(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.three = (nn.Conv2d(8, 8, k, padding=k // 2) for k in (1, 3, 5))

    def forward(self, x):
        return (self.one(x) + self.two(x) + self.three(x)) / 3


@every_block
def test_the_last_shape_is_the_blocks_own(module, shape, leaves):
    inputs = [torch.zeros(1, *s) for s in (shape if isinstance(shape, list) else [shape])]
    with torch.no_grad():
        expected = module.eval()(*inputs).shape[1:]
    assert fuse(trace(module, shape, leaves))[-1].shape == tuple(expected)


@every_block
def test_nothing_overlaps_it_fits_a_page_and_its_colours_follow_the_page(module, shape, leaves):
    fig = plots.show_block(module, shape, leaves=leaves)
    assert fig.get_size_inches()[0] <= 7.2
    renderer, page = fig.canvas.get_renderer(), fig.bbox
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts(fig)]
    for said, box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, said
    for (said, one), (other, two) in itertools.combinations(boxes, 2):
        across = min(one.x1, two.x1) - max(one.x0, two.x0)
        down = min(one.y1, two.y1) - max(one.y0, two.y0)
        assert across < 2 or down < 3, (said, other)
    used = {text.get_color() for text in texts(fig)}
    for patch in (p for ax in fig.axes for p in ax.findobj(Patch) if p is not ax.patch):
        used |= {to_hex(c) for c in (patch.get_facecolor(), patch.get_edgecolor()) if to_rgba(c)[3] > 0}
    assert used <= set(plots.COLOURS.values())


def test_shapes_can_be_left_out():
    with_shapes = plots.show_block(*BLOCKS["fire"][:2])
    without = plots.show_block(*BLOCKS["fire"][:2], shapes=False)
    said = [text.get_text() for text in texts(without)]
    assert "128 × 55 × 55" in [text.get_text() for text in texts(with_shapes)]
    assert "128 × 55 × 55" not in said and "3×3 conv, 64" in said


def test_the_module_stays_as_it_is():
    module = resnet.BasicBlock(8, 8, 1).train()
    plots.show_block(module, (8, 6, 6))
    assert module.training and not module.conv1._forward_hooks and module.conv1.weight.device.type == "cpu"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: plots.show_block("resnet", (3, 8, 8)), TypeError, "must be a torch.nn.Module, got str"),
        (lambda: plots.show_block(nn.Conv2d(3, 8, 3), (4, 8, 8)), ValueError, r"cannot take .*\(4, 8, 8\)"),
        (lambda: plots.show_block(nn.Conv2d(3, 8, 3), "3x8x8"), ValueError, "input_size must be"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_lines_go_down_and_boxes_of_a_layer_keep_their_distance():
    graph = {"a": [], "b": ["a"], "c": ["a"], "d": ["b"], "e": ["d", "c", "a"]}
    layers, lines = place(list(graph), graph.get, lambda node: 1.0, gap=0.5, lane=0.2)
    assert [sorted(s.node for s in layer if s.node) for layer in layers] == [["a"], ["b"], ["c", "d"], ["e"]]
    for layer in layers:
        for left, right in itertools.pairwise(layer):
            assert right.x - left.x >= (left.width + right.width) / 2 + 0.5 - 1e-6
    assert {(line[0].node, line[-1].node) for line in lines} == {(s, n) for n in graph for s in graph[n]}
    assert all(b.layer == a.layer + 1 for line in lines for a, b in itertools.pairwise(line))
