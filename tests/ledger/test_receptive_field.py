"""Receptive fields against three oracles: published values, closed-form chains, and brute force.

Brute force is the definition: which input pixels have a gradient when one output pixel is asked for it.
"""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from course_utils import models
from course_utils.arithmetic import receptive_field
from course_utils.ledger import account

from .nets import Concatenation, Gate, Residual, account_of

# Araujo, Norris & Sim (Distill, 2019) where the networks coincide; the rest are chains worked out by hand.
PUBLISHED = {
    "alexnet": 195,
    "vgg11": 150,
    "vgg13": 156,
    "vgg16": 212,
    "vgg19": 268,
    "googlenet": 379,
    "resnet18": 435,
    "resnet34": 899,
    "resnet50": 427,
    "resnet101": 971,
    "resnet152": 1451,
    "resnext50_32x4d": 427,
    "densenet121": 2071,
    "squeezenet1_0": 155,
    "squeezenet1_1": 207,
    "mobilenet_v1": 315,
    "inception_v4": 2071,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published(name):
    ledger = account_of(name)
    assert ledger.receptive_field == (PUBLISHED[name],) * 2
    assert all(row.receptive_field for row in ledger), "every operation's field is known"


def test_the_field_of_the_last_map_does_not_depend_on_the_input_size():
    with torch.device("meta"):
        model = models.create("resnet18")
    assert {account(model, (3, n, n)).receptive_field for n in (32, 64, 224, 320)} == {(435, 435)}


def test_side_branches_do_not_matter():
    with torch.device("meta"):
        model = models.create("googlenet", aux_logits=True)
    assert account(model, (3, 224, 224), batch=2, training=True).receptive_field == (379, 379)


def measured(module, size, dtype=torch.float64):
    """Per axis, for the middle output pixel: its index and the first and last input pixel it depends on."""
    module = module.to(dtype)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(0.5)  # all positive: nothing cancels
    x = torch.ones(1, *size, dtype=dtype, requires_grad=True)
    out = module(x)
    place = [n // 2 for n in out.shape[2:]]
    out[(0, slice(None), *place)].sum().backward()
    touched = x.grad[0].abs().sum(0)
    axes = []
    for axis, index in enumerate(place):
        others = [d for d in range(touched.dim()) if d != axis]
        seen = (touched.sum(others) if others else touched).nonzero().flatten()
        axes.append((index, int(seen.min()), int(seen.max())))
    return axes


def predicted(module, size, place):
    row = account(module, size).rows[-1]
    return [
        (centre + index * jump - (side - 1) / 2, centre + index * jump + (side - 1) / 2)
        for side, jump, centre, index in zip(row.receptive_field, row.jump, row.centre, place, strict=True)
    ]


def assert_exact(module, size):
    axes = measured(module, size)
    expected = predicted(module, size, [index for index, *_ in axes])
    for (index, first, last), (low, high), n in zip(axes, expected, size[1:], strict=True):
        assert (first, last) == (max(low, 0), min(high, n - 1)), f"output {index} sees {first}..{last}"


class Branches(nn.Module):
    """Two branches of equal stride, added or concatenated."""

    def __init__(self, left, right, join):
        super().__init__()
        self.left, self.right, self.join = left, right, join

    def forward(self, x):
        left, right = self.left(x), self.right(x)
        sizes = [min(a, b) for a, b in zip(left.shape[2:], right.shape[2:], strict=True)]
        left, right = (y[:, :, : sizes[0], : sizes[1]] for y in (left, right))
        return left + right if self.join == "add" else torch.cat([left, right], 1)


class Shuffle(nn.Module):
    def forward(self, x):
        n, c, h, w = x.shape
        return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class Crop(nn.Module):
    def forward(self, x):
        return x[:, :, 1::2, 2:]


@st.composite
def convolutions(draw, channels=4, stride=None):
    stride = draw(st.integers(1, 2)) if stride is None else stride
    pairs = [(draw(st.integers(1, 4)), draw(st.integers(0, 2)), draw(st.integers(1, 2))) for _ in "hw"]
    kernel, padding, dilation = zip(*pairs, strict=True)
    groups = draw(st.sampled_from([1, 2, 4]))
    return nn.Conv2d(channels, channels, kernel, stride, padding, dilation, groups)


@st.composite
def layers(draw, depth=1):
    kind = draw(st.sampled_from(["conv", "average", "add", "cat", "shuffle", "crop", "pad", "norm"]))
    if kind == "conv":
        return draw(convolutions())
    if kind == "average":
        kernel = draw(st.integers(1, 3))
        return nn.AvgPool2d(
            kernel, draw(st.integers(1, 2)), padding=kernel // 2 if draw(st.booleans()) else 0
        )
    if kind == "shuffle":
        return Shuffle()
    if kind == "crop":
        return Crop()
    if kind == "pad":
        return nn.ZeroPad2d(tuple(draw(st.integers(0, 2)) for _ in range(4)))
    if kind == "norm":
        return nn.Sequential(nn.BatchNorm2d(4).eval(), nn.Softplus())
    stride = draw(st.integers(1, 2))
    left = draw(convolutions(stride=stride))
    right = nn.Sequential(draw(convolutions(stride=stride)), draw(convolutions(stride=1)))
    joined = Branches(left, right, kind)
    return joined if kind == "add" else nn.Sequential(joined, nn.Conv2d(8, 4, 1))


@settings(max_examples=60)
@given(st.lists(layers(), min_size=1, max_size=4))
def test_any_graph_of_layers_sees_what_gradients_say(parts):
    assert_exact(nn.Sequential(*parts).eval(), (4, 48, 56))


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(1, 7), st.integers(1, 3), st.integers(0, 3), st.integers(1, 3)),
        min_size=1,
        max_size=5,
    )
)
def test_chains_agree_with_the_arithmetic(chain):
    net = nn.Sequential(*(nn.Conv2d(1, 1, k, s, p, d) for k, s, p, d in chain))
    with torch.device("meta"):
        row = account(net, (1, 3000, 3000)).rows[-1]
    field = receptive_field(chain)
    assert row.receptive_field == (field.size,) * 2
    assert row.jump == (field.jump,) * 2
    assert row.centre == (field.offset,) * 2


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation"),
    [
        (2, 2, 0, 1),
        (4, 2, 1, 1),
        (3, 2, 1, 1),
        (5, 3, 2, 1),
        (1, 2, 0, 1),
        (3, 2, 2, 2),
        (3, 3, 1, 2),
        (4, 2, 3, 3),
    ],
)
def test_transposed_convolution_has_the_widest_window_of_its_phases(kernel, stride, padding, dilation):
    net = nn.Sequential(
        nn.Conv2d(2, 2, 3), nn.ConvTranspose2d(2, 3, kernel, stride, padding, dilation=dilation)
    ).double()
    row = account(net, (2, 12, 12)).rows[-1]
    widths, n = set(), row.output_shape[-1]
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(1.0)
    for index in range(n // 2, n // 2 + stride):
        x = torch.ones(1, 2, 12, 12, dtype=torch.float64, requires_grad=True)
        net(x)[0, :, index, index].sum().backward()
        seen = x.grad[0].abs().sum((0, 2)).nonzero().flatten().tolist()
        if seen:
            widths.add(seen[-1] - seen[0] + 1)
            middle = row.centre[0] + index * row.jump[0]
            assert abs((seen[0] + seen[-1]) / 2 - middle) < stride  # the window sits where it should
    assert row.receptive_field[0] == max(widths)
    assert row.jump == (1 / stride,) * 2 or row.jump == (pytest.approx(1 / stride),) * 2


def test_branches_take_the_union():
    assert account(Residual(), (4, 9, 9)).receptive_field == (3, 3)
    assert account(Concatenation(), (3, 9, 9)).receptive_field == (5, 5)


@pytest.mark.parametrize("bias", [0, 1])
def test_convolution_by_unfolding(bias):
    class ByUnfolding(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(6, 3 * 9))

        def forward(self, x):
            columns = F.unfold(x, 3, padding=1, stride=2, dilation=2)
            return (self.weight @ columns + bias).view(len(x), 6, 10, 11)

    assert_exact(nn.Sequential(nn.Conv2d(3, 3, 3), ByUnfolding()), (3, 24, 26))


def test_space_to_depth_and_back():
    assert_exact(nn.Sequential(nn.Conv2d(3, 4, 3), nn.PixelUnshuffle(2), nn.Conv2d(16, 4, 3)), (3, 26, 26))
    net = nn.Sequential(nn.Conv2d(3, 8, 5), nn.PixelShuffle(2))
    row = account(net, (3, 26, 26)).rows[-1]
    assert row.receptive_field == (5, 5) and row.jump == (0.5, 0.5)


def test_upsampling():
    nearest = account(nn.Sequential(nn.Conv2d(1, 1, 3), nn.Upsample(scale_factor=2)), (1, 10, 10)).rows[-1]
    assert nearest.receptive_field == (3, 3) and nearest.jump == (0.5, 0.5)
    smooth = nn.Upsample(scale_factor=2, mode="bilinear")
    assert account(nn.Sequential(nn.Conv2d(1, 1, 3), smooth), (1, 10, 10)).rows[-1].receptive_field == (4, 4)


def test_channels_last_layers_stay_local_in_any_batch():
    class ChannelsLast(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 6, 3, stride=2)
            self.norm, self.fc = nn.LayerNorm(6), nn.Linear(6, 6)

        def forward(self, x):
            return self.fc(self.norm(self.conv(x).permute(0, 2, 3, 1)).flatten(0, 2)).view(-1, 6)

    row = account(ChannelsLast(), (3, 9, 9), batch=4).rows[-2]
    assert row.kind == "linear" and row.receptive_field == (3, 3)
    assert row.jump is None  # rows of all pictures follow one another: no constant distance


def test_gate_sees_the_whole_picture():
    ledger = account(Gate(), (3, 16, 16))
    conv, pool, *_, after = ledger.rows
    assert not conv.covers_input and conv.receptive_field == (3, 3)
    assert pool.covers_input and pool.jump is None
    assert after.covers_input and after.jump == (2, 2)
    assert measured(Gate(), (3, 16, 16)) == [(4, 0, 15), (4, 0, 15)]
    assert "whole" in str(ledger)


@pytest.mark.parametrize("norm", [nn.InstanceNorm2d(4), nn.GroupNorm(2, 4), nn.LayerNorm([4, 14, 14])])
def test_statistics_over_the_map_see_all_of_it(norm):
    row = account(nn.Sequential(nn.Conv2d(3, 4, 3), norm), (3, 16, 16)).rows[-1]
    assert row.covers_input and row.jump == (1, 1)


def test_attention_sees_the_whole_picture():
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.patches = nn.Conv2d(3, 8, 4, stride=4)
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, x):
            x = self.patches(x).flatten(2).transpose(1, 2)
            return self.attention(x, x, x, need_weights=False)[0]

    ledger = account(Tokens(), (3, 16, 16))
    assert ledger.rows[0].receptive_field == (4, 4) and not ledger.rows[0].covers_input
    assert ledger.rows[-1].covers_input


def test_one_and_three_dimensions():
    assert account(nn.Conv1d(2, 2, 5, stride=2), (2, 30)).receptive_field == (5,)
    video = nn.Sequential(nn.Conv3d(1, 1, (1, 3, 3)), nn.MaxPool3d((2, 2, 1)), nn.Conv3d(1, 1, 3))
    assert account(video, (1, 12, 12, 12)).receptive_field == (6, 8, 5)


def test_second_input_has_its_own_field():
    class Late(nn.Module):
        def forward(self, a, b):
            return F.max_pool2d(b, 3), F.max_pool2d(a, 2)

    b, a = account(Late(), [(1, 8, 8), (1, 9, 9)])
    assert b.receptive_field == (3, 3) and a.receptive_field == (2, 2)


def test_part_written_in_place():
    class Stamp(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3, padding=1)

        def forward(self, x):
            canvas = torch.zeros_like(x)
            canvas[:, :, :4] = self.conv(x)[:, :, :4]
            return canvas * 2

    # Half of the canvas sees the picture and half sees nothing: no one answer, and none is given.
    assert account(Stamp(), (1, 8, 8)).rows[-1].receptive_field is None


def test_an_operation_without_a_rule_is_named():
    class Sampler(nn.Module):
        def forward(self, x):
            grid = torch.zeros(1, 4, 4, 2)
            return F.relu(F.grid_sample(x, grid, align_corners=False))

    with pytest.warns(UserWarning, match="grid_sampler_2d"):
        ledger = account(Sampler(), (1, 8, 8))
    assert [row.receptive_field for row in ledger][-2:] == [None, None]
