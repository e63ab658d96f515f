"""Which rows an account has, and what stands in them; every expected number is worked out here by hand."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_utils import models
from course_utils.ledger import account

from .nets import Concatenation, Functional, Residual, SharedTwice, TwoInputs, account_of

PADDED_SHORTCUT = ("slice", "pad")
HEAD = ("adaptive_avg_pool2d", "flatten", "linear")


def kinds(ledger):
    return [row.kind for row in ledger]


def test_functional_calls_are_rows_in_order():
    ledger = account(Functional(), (3, 8, 8))
    assert kinds(ledger) == ["conv2d", "relu", "max_pool2d", "conv2d", "relu", "mean", "matmul"]
    assert [row.macs for row in ledger] == [8 * 64 * 27, 0, 0, 16 * 16 * 72, 0, 0, 160]
    assert [row.parameters for row in ledger] == [216 + 8, 0, 0, 1152, 0, 0, 160]
    assert ledger.rows[2].input_shape == (1, 8, 8, 8) and ledger.rows[2].output_shape == (1, 8, 4, 4)


def test_shared_layer_counts_parameters_once_and_macs_each_time():
    ledger = account(SharedTwice(), (16, 8, 8))
    first, _, second = ledger
    assert (first.parameters, second.parameters) == (16 * 4 * 9 + 16, 0)
    assert second.reused_parameters == 16 * 4 * 9 + 16
    assert first.macs == second.macs == 16 * 64 * 4 * 9  # groups divide the work
    assert ledger.parameters == 16 * 4 * 9 + 16


def test_tied_weights_count_once():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.encode = nn.Linear(6, 6, bias=False)
            self.decode = nn.Linear(6, 6, bias=False)
            self.decode.weight = self.encode.weight

        def forward(self, x):
            return self.decode(self.encode(x))

    ledger = account(Tied(), (6,))
    assert ledger.parameters == 36 and ledger.macs == 72


def test_transposed_convolution():
    ledger = account(nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1), (8, 16, 16))
    (row,) = ledger
    assert row.output_shape == (1, 4, 32, 32)
    assert row.macs == 8 * 16 * 16 * 4 * 4 * 4  # every input value meets every weight of its channel


@pytest.mark.parametrize("in_place", [False, True])
def test_residual_addition_is_a_row_of_the_block(in_place):
    ledger = account(nn.Sequential(Residual(in_place)), (4, 6, 6))
    assert [(row.module, row.kind) for row in ledger] == [
        ("0.conv", "conv2d"),
        ("0.skip", "conv2d"),
        ("0", "add"),
    ]
    add = ledger.rows[-1]
    assert add.inputs == ((1, 4, 6, 6), (1, 4, 6, 6))
    assert add.layer == "Residual"
    assert add.activation_bytes == (0 if in_place else 4 * 36 * 4)
    assert add.output_bytes == 4 * 36 * 4


def test_concatenation_names_all_its_parts():
    ledger = account(Concatenation(), (3, 9, 9))
    cat = ledger.rows[-1]
    assert cat.kind == "cat"
    assert [shape[1] for shape in cat.inputs] == [2, 4, 3] and cat.output_shape == (1, 9, 9, 9)
    assert cat.receptive_field == (5, 5)


def test_several_inputs():
    ledger = account(TwoInputs(), [(3, 8, 8), (5,)], batch=2)
    assert ledger.inputs == ((2, 3, 8, 8), (2, 5))
    assert ledger.macs == 2 * (4 * 36 * 27 + 5 * 4 + 4 * 2)
    assert kinds(ledger) == ["conv2d", "amax", "linear", "sigmoid", "mul", "linear"]


def test_token_inputs_come_as_tensors():
    net = nn.Sequential(nn.Embedding(50, 8), nn.Linear(8, 2))
    ledger = account(net, torch.zeros(4, 7, dtype=torch.long))
    assert kinds(ledger) == ["embedding", "linear"]
    assert ledger.macs == 4 * 7 * 8 * 2 and ledger.parameters == 50 * 8 + 18


def test_composite_functions_are_one_row_each():
    net = nn.Sequential(
        nn.LocalResponseNorm(5), nn.Conv2d(8, 8, 3), nn.GELU(), nn.Dropout(), nn.PixelShuffle(2)
    )
    ledger = account(net, (8, 6, 6), training=True)
    assert kinds(ledger) == ["local_response_norm", "conv2d", "gelu", "dropout", "pixel_shuffle"]


def test_attention_and_recurrence_count_their_products():
    length, width = 10, 8
    attention = nn.MultiheadAttention(width, 2, batch_first=True)

    class SelfAttention(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = attention

        def forward(self, x):
            return self.attention(x, x, x)[0]

    expected = 4 * length * width**2 + 2 * length**2 * width  # four projections, scores, mixing
    assert account(SelfAttention(), (length, width)).macs == expected

    ledger = account(nn.LSTM(width, 4, batch_first=True), (length, width))
    assert ledger.macs == length * 4 * (width * 4 + 4 * 4)
    assert ledger.parameters == 4 * (width * 4 + 4 * 4 + 2 * 4)


def test_products_with_a_vector():
    class Vector(nn.Module):
        def __init__(self):
            super().__init__()
            self.w, self.b = nn.Parameter(torch.ones(6)), nn.Parameter(torch.ones(3))

        def forward(self, x):
            return torch.addmv(self.b, x, self.w).dot(x @ self.w)

    assert account(Vector(), torch.ones(3, 6)).macs == 18 + 18 + 3


def test_views_cost_nothing_and_restrict_leaves_them_out():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Unflatten(1, (4, 36)))
    ledger = account(net, (3, 8, 8))
    assert [row.is_view for row in ledger] == [False, True, True]
    assert [row.activation_bytes for row in ledger] == [4 * 36 * 4, 0, 0]
    assert kinds(account(net, (3, 8, 8), rows="computing")) == ["conv2d"]


def test_activation_bytes_are_new_memory_only():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Sigmoid())
    assert [row.activation_bytes for row in account(net, (3, 6, 6), batch=2)] == [512, 0, 512]
    assert [row.output_bytes for row in account(net, (3, 6, 6), batch=2)] == [512, 512, 512]
    half = account(net.half(), (3, 6, 6), batch=2)
    assert half.rows[0].activation_bytes == 256 and half.parameter_bytes == 2 * half.parameters


def test_batch_multiplies_macs_and_memory_but_not_parameters():
    one, five = (account(models.create("lenet5"), (1, 32, 32), batch=n) for n in (1, 5))
    assert five.macs == 5 * one.macs and five.activation_bytes == 5 * one.activation_bytes
    assert five.parameters == one.parameters


def test_parameters_that_are_never_used_are_named():
    class WithSpare(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.spare = nn.Linear(3, 3), nn.Linear(3, 2)

        def forward(self, x):
            return self.used(x)

    ledger = account(WithSpare(), (3,))
    assert ledger.unused == {"spare.weight": 6, "spare.bias": 2}
    assert ledger.parameters == 12 + 8
    assert sum(row.parameters for row in ledger) == 12
    assert "8 parameters are not used in this pass (spare)" in str(ledger)


def test_biases_can_be_left_out():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 2))
    ledger = account(net, (3, 8, 8), biases=False)
    assert [row.parameters for row in ledger] == [108, 4, 0, 288]
    assert ledger.macs == account(net, (3, 8, 8)).macs
    assert (
        account(Functional(), (3, 8, 8), biases=False).rows[0].parameters == 216
    )  # known by its use, not name


def test_frozen_layers_save_less_for_backward():
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(128, 2)
    )
    whole = account(net, (3, 8, 8), training=True)
    net[0].requires_grad_(False)
    net[2].requires_grad_(False)
    frozen = account(net, (3, 8, 8), training=True)
    assert frozen.saved_bytes == 128 * 4  # the linear layer's input
    assert whole.saved_bytes == (3 * 64 + 8 * 36 + 128) * 4  # pictures and two ReLU outputs
    assert frozen.trainable == 258 and frozen.macs == whole.macs


def test_training_mode_is_accounted_for():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout())
    assert account(net, (3, 8, 8)).activation_bytes < account(net, (3, 8, 8), training=True).activation_bytes


def test_the_callers_model_stays_as_it_is():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).train()
    before = copy.deepcopy(net.state_dict())
    attributes = {name: dict(vars(module)) for name, module in net.named_modules()}
    account(net, (3, 8, 8), training=False)
    account(net, (3, 8, 8), training=True)
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())
    for name, module in net.named_modules():
        assert vars(module) == attributes[name], name
        assert not module._forward_hooks and not module._forward_pre_hooks
    assert net.training and all(p.grad is None and p.device.type == "cpu" for p in net.parameters())


def test_works_whatever_the_caller_has_switched_off():
    net = nn.Conv2d(3, 4, 3)
    expected = account(net, (3, 8, 8))
    with torch.no_grad():
        assert account(net, (3, 8, 8)) == expected
    with torch.inference_mode():
        assert account(net, (3, 8, 8)) == expected


def test_tensors_outside_parameters_and_buffers():
    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.mask = torch.ones(6, 6)
            self.masks = [torch.ones(6, 6)]

        def forward(self, x):
            return x * self.mask * self.masks[0] + torch.arange(6)

    assert kinds(account(Masked(), (1, 6, 6))) == ["mul", "mul", "arange", "add"]


def test_a_model_that_draws_lots_is_drawn_once_and_for_all():
    with torch.device("meta"):
        model = models.create("resnet20", survival=0.5)
    state = torch.get_rng_state()
    first, second = (account(model, (3, 32, 32), training=True) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    assert first == second
    assert len(first.unused) > 0 and first.macs < account(model, (3, 32, 32)).macs  # some blocks are dropped
    assert {row.kind for row in first} == {"conv2d", "batch_norm", "relu", "add", *PADDED_SHORTCUT, *HEAD}


def test_a_compiled_model_is_accounted_for_as_it_was():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    assert account(torch.compile(model, backend="eager"), (3, 8, 8)) == account(model, (3, 8, 8))


def test_lazy_layers():
    net = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(2))
    ledger = account(net, (3, 8, 8))
    assert ledger.parameters == 112 + 290
    assert nn.parameter.is_lazy(net[0].weight)


def test_weight_norm_counts_its_parameters():
    net = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3))
    ledger = account(net, (3, 8, 8))
    assert ledger.parameters == 108 + 4 + 4
    assert ledger.macs == 4 * 36 * 27


def test_a_custom_autograd_function_keeps_its_savings():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, grad):
            return grad

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, x):
            return Square.apply(x * self.scale)

    assert account(Net(), (4, 4)).saved_bytes == 2 * 64  # the product's input and the exponential


def test_patch_merging_by_convolution_and_by_reshape_cost_the_same():
    class Patches(nn.Module):
        def __init__(self):
            super().__init__()
            self.proj = nn.Linear(3 * 16, 10)

        def forward(self, x):
            n, c, h, w = x.shape
            x = x.view(n, c, h // 4, 4, w // 4, 4).permute(0, 2, 4, 1, 3, 5).reshape(n, h // 4, w // 4, -1)
            return self.proj(x)

    by_reshape = account(Patches(), (3, 16, 16), batch=3)
    by_convolution = account(nn.Conv2d(3, 10, 4, stride=4), (3, 16, 16), batch=3)
    assert by_reshape.macs == by_convolution.macs
    assert by_reshape.rows[-1].receptive_field == by_convolution.rows[-1].receptive_field == (4, 4)
    assert by_reshape.rows[-1].jump == by_convolution.rows[-1].jump == (4, 4)


# Networks of many hundred operations: the others show the same.
DEEP = {
    *("resnet110", "resnet152", "resnet1202", "preact_resnet164", "preact_resnet152", "preact_resnet200"),
    *("densenet161", "densenet169", "densenet201", "densenet_bc_100_12"),
    *("nasnet_a_cifar", "nasnet_a_large", "nasnet_a_mobile", "inception_resnet_v2"),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in DEEP else ()) for name in models.names()]
)
def test_every_model_of_the_course(name):
    """Parameters and MACs of whole models, as published (torch's own counter confirms those)."""
    entry, ledger = models.entry(name), account_of(name)
    assert ledger.macs == entry.macs
    assert ledger.parameters == entry.parameters
    assert ledger.flops == 2 * ledger.macs == sum(row.flops for row in ledger)


def test_functions_of_the_field_keep_their_names():
    class Zoo(nn.Module):
        def forward(self, x):
            x = F.interpolate(x, scale_factor=2)
            x = F.pad(x, (1, 1, 1, 1)) - 1
            x = x[:, :, ::2]
            x *= 2
            return torch.softmax(x.transpose(1, 2).mT, 0)

    assert kinds(account(Zoo(), (2, 4, 4))) == [
        "interpolate", "pad", "sub", "slice", "mul", "transpose", "transpose", "softmax"
    ]  # fmt: skip
