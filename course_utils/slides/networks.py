"""Accounts of the networks that the decks talk about, and their layers under the decks' names.

A network is named as in ``course_utils.models``, or by `VARIANTS`: what a deck shows and nobody published.
All are accounted for on the meta device and kept, so that asking again costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import prod

import torch
from torch import fx, nn

from course_utils import models
from course_utils.ledger import Ledger, Row, account
from course_utils.models.googlenet import Inception, NaiveInception
from course_utils.models.resnet import BasicBlock, Bottleneck
from course_utils.models.vgg import VGG


def _alexnet_with_384() -> nn.Module:
    """Deck d3 draws three convolutions of 384 filters in a row; the published fifth has 256."""
    model = models.create("alexnet_224")
    model.features[12] = nn.Conv2d(384, 384, kernel_size=3, padding=1)
    model.classifier[1] = nn.Linear(384 * 5 * 5, 4096)
    return model


def _separable() -> nn.Module:
    """One of MobileNet's layers of 512 channels: depthwise 3x3, then 1x1."""
    depthwise = nn.Conv2d(512, 512, 3, padding=1, groups=512, bias=False)
    return nn.Sequential(depthwise, nn.Conv2d(512, 512, 1, bias=False))


# Name: (how to build it, input size).
VARIANTS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    # Deck d1 lists stage 3 of VGG with two convolutions instead of three (VGG-16) or four (VGG-19).
    "vgg16_listed": (lambda: VGG((2, 2, 2, 3, 3), 1000, 3), (3, 224, 224)),
    "vgg19_listed": (lambda: VGG((2, 2, 2, 4, 4), 1000, 3), (3, 224, 224)),
    "alexnet_384": (_alexnet_with_384, (3, 224, 224)),
    # The inception modules that decks d0 and d4 price, on 256 maps of 28x28.
    "naive_inception": (lambda: NaiveInception(256, 128, 192, 96), (256, 28, 28)),
    "reduced_inception": (lambda: Inception(256, 128, (64, 192), (64, 96), 64), (256, 28, 28)),
    # Residual blocks of 64 (inner) channels, as drawn.
    "basic_block": (lambda: BasicBlock(64, 64, 1), (64, 56, 56)),
    "bottleneck_block": (lambda: Bottleneck(256, 256, 1), (256, 56, 56)),
    "resnext_block": (lambda: Bottleneck(256, 256, 1, widen=2, groups=32), (256, 56, 56)),
    "separable_512": (_separable, (512, 14, 14)),
    "full_512": (lambda: nn.Conv2d(512, 512, 3, padding=1, bias=False), (512, 14, 14)),
}


@dataclass(frozen=True)
class Layer:
    """A layer under the name that decks give it, with what their tables list."""

    name: str
    into: tuple[int, ...]
    """Shape that goes in, without the batch."""
    shape: tuple[int, ...]
    """Shape that comes out: (C, H, W) or (n,)."""
    weights: int
    biases: int
    macs: int

    @property
    def parameters(self) -> int:
        return self.weights + self.biases

    @property
    def elements(self) -> int:
        return prod(self.shape)

    @property
    def hwc(self) -> tuple[int, ...]:
        """The output's shape in the order (H, W, C)."""
        return (*self.shape[1:], self.shape[0])

    @property
    def kib(self) -> Fraction:
        """KiB of the output in float32."""
        return kib(self.elements)


def kib(elements: int) -> Fraction:
    """KiB of that many float32 numbers."""
    return Fraction(4 * elements, 1024)


def mib(elements: int) -> Fraction:
    """MiB of that many float32 numbers."""
    return kib(elements) / 1024


@cache
def _model(name: str, **options) -> tuple[nn.Module, tuple[int, ...]]:
    with torch.device("meta"):
        if name in VARIANTS:
            build, size = VARIANTS[name]
            return build().eval(), size
        return models.create(name, **options).eval(), models.entry(name).input_size


@cache
def net(name: str, side: int | None = None, **options) -> Ledger:
    """The account of a network at its native input size, or at ``side`` x ``side`` pixels."""
    model, size = _model(name, **options)
    return account(model, size if side is None else (size[0], side, side))


def _layer(name: str, row: Row) -> Layer:
    return Layer(
        name, row.input_shape[1:], row.output_shape[1:], row.parameters - row.biases, row.biases, row.macs
    )


@cache
def _layers(name: str, side: int | None = None) -> tuple[Layer, ...]:
    """Input, convolutions, pooling, normalisation and fully connected layers of a chain, as decks name them.

    In VGG a convolution has the number of its stage and its place in it (conv3_2); elsewhere all count
    through. Where five convolutions or stages precede them, the first fully connected layer is FC6.
    """
    ledger = net(name, side)
    staged = name.startswith("vgg")
    counts = {"conv": 0, "pool": 0, "norm": 0, "fc": 0}
    size = ledger.inputs[0][1:]
    found = [Layer("input", size, size, 0, 0, 0)]
    first_fc = 0 if name.startswith("lenet") else 5
    kinds = {
        "conv2d": "conv",
        "max_pool2d": "pool",
        "avg_pool2d": "pool",
        "local_response_norm": "norm",
        "linear": "fc",
    }
    for row in ledger:
        kind = kinds.get(row.kind)
        if row.kind == "flatten":
            found.append(_layer("flatten", row))
        elif kind:
            counts[kind] += 1
            number = f"{counts[kind] + (first_fc if kind == 'fc' else 0)}"
            if staged and kind == "conv":
                number = f"{counts['pool'] + 1}_{counts['conv']}"
            if staged and kind == "pool":
                counts["conv"] = 0
            found.append(_layer(kind + number, row))
    return tuple(found)


def layers(name: str, *kinds: str, side: int | None = None) -> tuple[Layer, ...]:
    """The layers of a chain whose names begin with one of ``kinds``, as ``layers("vgg16", "conv3")``."""
    return tuple(layer for layer in _layers(name, side) if not kinds or layer.name.startswith(kinds))


def layer(name: str, which: str, side: int | None = None) -> Layer:
    """One layer of a chain: ``layer("alexnet", "conv1", side=227)``.

    :raises KeyError: no layer of that name.
    """
    found = {each.name: each for each in _layers(name, side)}
    if which not in found:
        raise KeyError(f"{name} has no layer {which!r}; it has {', '.join(found)}")
    return found[which]


def at(name: str, module: str) -> Layer:
    """A layer by its module's path, where a network is no chain: ``at("googlenet_2014", "conv2.conv")``."""
    (row,) = (row for row in net(name)[module] if row.kind != "relu")
    return _layer(module, row)


def output(name: str) -> Layer:
    """What comes out of a network."""
    return _layer("output", net(name).rows[-1])


def depth(name: str) -> int:
    """Layers with weights (convolutions and fully connected ones) on the longest way from input to output."""
    model, _ = _model(name)
    graph = fx.symbolic_trace(model)
    longest: dict[fx.Node, int] = {}
    for node in graph.graph.nodes:
        weighs = node.op == "call_module" and isinstance(
            graph.get_submodule(node.target), (nn.Conv2d, nn.Linear)
        )
        longest[node] = weighs + max((longest[before] for before in node.all_input_nodes), default=0)
    return max(longest.values())


def linear_layers(name: str, **options) -> int:
    """How many fully connected layers a network has, those of auxiliary heads included where it has them."""
    return sum(isinstance(module, nn.Linear) for module in _model(name, **options)[0].modules())


def blocks(name: str) -> tuple[int, ...]:
    """Residual blocks in each stage of a ResNet."""
    model, _ = _model(name)
    return tuple(len(stage) for stage in (model.layer1, model.layer2, model.layer3, model.layer4))


def block_convolutions(name: str) -> tuple[tuple[int, ...], ...]:
    """The different residual blocks of a ResNet: for each, the kernel sizes of its convolutions in order."""
    model, _ = _model(name)
    kinds = {
        tuple(
            block.get_submodule(key).kernel_size[0]
            for key in ("conv1", "conv2", "conv3")
            if hasattr(block, key)
        )
        for stage in (model.layer1, model.layer2, model.layer3, model.layer4)
        for block in stage
    }
    return tuple(sorted(kinds))


def stage_shapes(name: str) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """Shape before and after the first block of each stage of a ResNet."""
    rows = (net(name)[f"layer{i}.0"] for i in (1, 2, 3, 4))
    return tuple((block[0].input_shape[1:], block[-1].output_shape[1:]) for block in rows)


def inner_width(name: str, stage: int) -> tuple[int, int]:
    """Channels and groups of the 3x3 convolutions in a stage (2 to 5) of a bottleneck ResNet."""
    convolution = getattr(_model(name)[0], f"layer{stage - 1}")[0].conv2
    return convolution.out_channels, convolution.groups


def groups(name: str) -> dict[str, int]:
    """Groups of each convolution and fully connected layer of a chain, by its name in `layers`."""
    modules = [m for m in _model(name)[0].modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    names = [each.name for each in layers(name, "conv", "fc")]
    return {each: getattr(module, "groups", 1) for each, module in zip(names, modules, strict=True)}


def pool_windows(name: str) -> tuple[tuple[int, int], ...]:
    """Kernel and stride of each max pooling."""
    pools = (module for module in _model(name)[0].modules() if isinstance(module, nn.MaxPool2d))
    return tuple((pool.kernel_size, pool.stride) for pool in pools)


def mobilenet_rows() -> tuple[tuple[int, tuple[int, ...]], ...]:
    """MobileNet's table as (stride, (H, W, C) of the input), its five equal pairs of layers as one."""
    rows = []
    for row in net("mobilenet_v1"):
        if row.kind not in ("conv2d", "adaptive_avg_pool2d", "linear"):
            continue
        into = (*row.input_shape[1:], 1, 1)[:3]
        stride = into[1] // row.output_shape[2] if row.kind == "conv2d" else 1
        rows.append((stride, (into[1], into[2], into[0])))
    pairs = [tuple(rows[i : i + 2]) for i in range(1, len(rows) - 2, 2)]
    kept = [pair for pair, before in zip(pairs, [None, *pairs], strict=False) if pair != before]
    return (rows[0], *(row for pair in kept for row in pair), *rows[-2:])
