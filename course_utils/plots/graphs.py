"""A module's graph: which layers and operations its forward pass runs, and which tensors join them.

Any module is run once on PyTorch's meta device, where tensors have shapes but no data, so the graph is the
code's own: a changed block changes its picture.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from course_utils.ledger.meta import float_dtype, meta_copy, meta_inputs
from course_utils.ledger.tensors import tensors_in
from course_utils.ledger.trace import kind_of

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
_LIGHT_WORDS = {
    "BatchNorm2d": "batch norm", "BatchNorm1d": "batch norm", "GroupNorm": "group norm",
    "LayerNorm": "layer norm", "LocalResponseNorm": "LRN", "Sigmoid": "sigmoid", "Tanh": "tanh",
    "LeakyReLU": "leaky ReLU", "Hardtanh": "hard tanh", "Dropout2d": "dropout", "Dropout": "dropout",
}  # fmt: skip
_FUNCTION_WORDS = {
    "relu": "ReLU", "relu6": "ReLU6", "cat": "concatenate", "add": "+", "mul": "×", "sub": "−",
    "pad": "zero padding", "transpose": "transpose", "mean": "mean",
}  # fmt: skip
_MERGES = ("add", "mul", "cat", "sub", "stack", "maximum")
_LIGHT_FUNCTIONS = ("relu", "relu6", "sigmoid", "tanh", "dropout", "softmax", "silu", "gelu", "hardtanh")
_VIEWS = ("reshape", "transpose", "permute", "flatten", "contiguous", "squeeze", "unsqueeze")


@dataclass(eq=False)
class Node:
    """A box of the picture: a layer or operation, with the small ones that come with it."""

    kind: str
    """One of the keys of ``blocks.KINDS``, or ``input``; ``view`` before it is simplified."""
    label: str
    detail: str = ""
    """A second, smaller line: stride, groups."""
    shape: tuple[int, ...] = ()
    """Of the output, without the batch."""
    sources: list[Node] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    """Normalisations and activations that run before the layer, in order, and..."""
    after: list[str] = field(default_factory=list)
    """...after it."""


def trace(module: nn.Module, input_shape, leaves: Sequence[type] = ()) -> list[Node]:
    """The nodes of ``module``'s forward pass in evaluation mode, in the order they run; inputs first.

    :param input_shape: (C, H, W), or a list of such shapes for a ``forward`` with several inputs.
    :param leaves: classes of modules to keep closed, each drawn as one node.
    :raises TypeError: ``module`` is not a module.
    :raises ValueError: a shape that is none, or that the module cannot take.
    """
    if not isinstance(module, nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {type(module).__name__}")
    inputs = meta_inputs(input_shape, 1, float_dtype(module))
    twin = meta_copy(module).eval()
    run = _Trace(twin, inputs, tuple(leaves))
    try:
        with torch.device("meta"), torch.no_grad(), run:
            result = twin(*inputs)
    except (RuntimeError, ValueError, TypeError) as error:
        raise ValueError(
            f"{type(module).__name__} cannot take input_shape={input_shape!r}: {error}"
        ) from error
    return _simplify(run.nodes, [run.made_by[id(t)] for t in tensors_in(result)])


def _simplify(nodes: list[Node], ends: list[Node]) -> list[Node]:
    """Join what is one thing to a reader: sums of many, a shuffle of channels, views in a row."""
    for node in nodes:
        users = {id(s): [u for u in nodes if s in u.sources] for s in node.sources}
        if node.label == "+":
            flat = []
            for source in node.sources:
                inner = source.label == "+" and len(users[id(source)]) == 1
                flat += source.sources if inner else [source]
            node.sources = flat
        elif node.kind == "view" and len(node.sources) == 1 and node.sources[0].kind == "view":
            source = node.sources[0]
            if len(users[id(source)]) == 1:
                node.label = f"{source.label}, {node.label}"
                node.sources = source.sources
                if node.label.endswith("reshape, transpose, reshape") and node.sources[0].shape == node.shape:
                    node.label = "channel shuffle"
    reached, todo = set(), list(ends)
    while todo:
        node = todo.pop()
        if id(node) not in reached:
            reached.add(id(node))
            todo += node.sources
    for node in nodes:
        if node.kind == "view":
            node.kind = "light"
    return [node for node in nodes if id(node) in reached or node.kind == "input"]


def fuse(nodes: list[Node]) -> list[Node]:
    """Put normalisations and activations into the box of the layer they belong to.

    In a row of single-input, single-use nodes that starts with a layer they belong to the layer before them;
    in one that starts with a normalisation or an activation ("pre-activation"), to the layer after them.
    """
    users: dict[int, list[Node]] = {id(node): [] for node in nodes}
    for node in nodes:
        for source in node.sources:
            users[id(source)].append(node)

    def follows(node: Node) -> Node | None:
        """The next node of the row."""
        if node.kind in ("input", "merge") or len(users[id(node)]) != 1:
            return None
        (after,) = users[id(node)]
        return after if len(after.sources) == 1 else None

    inside = {id(after) for node in nodes if (after := follows(node)) is not None}
    kept = {id(node): node for node in nodes}
    for first in nodes:
        if id(first) in inside or first.kind in ("input", "merge"):
            continue
        row = [first]
        while (after := follows(row[-1])) is not None:
            row.append(after)
        heavy = [i for i, node in enumerate(row) if node.kind != "light"]
        if not heavy:
            for node in row[1:]:
                first.label += f", {node.label}"
                _bypass(node, nodes, first)
                kept.pop(id(node))
            continue
        pre = heavy[0] > 0
        for i, node in enumerate(row):
            if node.kind != "light":
                continue
            later = [j for j in heavy if j > i]
            host = row[later[0] if pre and later else [j for j in heavy if j < i][-1]]
            (host.before if pre and later else host.after).append(node.label)
            _bypass(node, nodes, host if not (pre and later) else None)
            kept.pop(id(node))
    return list(kept.values())


def _bypass(node: Node, nodes: list[Node], heir: Node | None) -> None:
    """Take a one-input node out of the graph; ``heir``, the box it went into, then gives its output."""
    for user in nodes:
        user.sources = [node.sources[0] if source is node else source for source in user.sources]
    if heir is not None:
        heir.shape = node.shape


class _Trace(TorchFunctionMode):
    """Notes a node for every closed module and for every function call outside of those."""

    def __init__(self, twin: nn.Module, inputs: list[torch.Tensor], leaves: tuple[type, ...]) -> None:
        super().__init__()
        self.nodes: list[Node] = []
        self.made_by: dict[int, Node] = {}
        self.alive: list[torch.Tensor] = []  # an id is a tensor's own only as long as the tensor lives
        self.closed = 0  # how many closed modules we are inside of
        self.leaves = leaves
        names = [p for p in inspect.signature(twin.forward).parameters]
        for name, tensor in zip(names, inputs, strict=False):
            label = "input" if len(inputs) == 1 else f"input {name}"
            self._add(Node("input", label), [], [tensor])
        for module in twin.modules():
            if self._is_closed(module):
                module.register_forward_pre_hook(self._enter)
                module.register_forward_hook(self._leave)

    def _is_closed(self, module: nn.Module) -> bool:
        if isinstance(module, self.leaves):
            return True
        builtin = any(base.__module__.startswith("torch.nn.modules") for base in type(module).__mro__[:-2])
        return builtin and not isinstance(module, _CONTAINERS)

    def _enter(self, module: nn.Module, args: tuple) -> None:
        self.closed += 1

    def _leave(self, module: nn.Module, args: tuple, output) -> None:
        self.closed -= 1
        if self.closed == 0 and not isinstance(module, nn.Identity):
            with torch._C.DisableTorchFunction():
                self._add(_describe_module(module, output), tensors_in(args), tensors_in(output))

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        with torch._C.DisableTorchFunction():
            operands = [self.made_by.get(id(t)) for t in tensors_in([args, kwargs])]
        result = func(*args, **kwargs)
        with torch._C.DisableTorchFunction():
            made = list(tensors_in(result))
            if self.closed == 0 and made and any(operands):
                kind = kind_of(getattr(func, "__name__", str(func)))
                if kind != "detach":
                    self._add(_describe_function(kind, args, kwargs), tensors_in([args, kwargs]), made)
        return result

    def _add(self, node: Node, used, made) -> None:
        sources = [self.made_by[id(t)] for t in used if id(t) in self.made_by]
        node.sources = list(dict.fromkeys(sources))
        if node.kind == "merge" and len(sources) == 1:  # x * 0.2
            node.kind = "light"
        for tensor in made:
            self.made_by[id(tensor)] = node
            self.alive.append(tensor)
            node.shape = node.shape or tuple(tensor.shape[1:])
        self.nodes.append(node)


def _pair(value) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _window(size) -> str:
    return "{}×{}".format(*_pair(size))


def _stride(value) -> str:
    height, width = _pair(value)
    return f"stride {height}" if height == width else f"stride {height}×{width}"


def _pool_label(kind: str, kernel, stride) -> tuple[str, str]:
    moves = stride is not None and _pair(stride) != (1, 1)
    return f"{_window(kernel)} {kind} pool", _stride(stride) if moves else ""


def describe_conv(conv: nn.Conv2d) -> Node:
    """How a convolution is called in the pictures: ``3×3 conv, 64``, with stride and groups below."""
    details = [_stride(conv.stride)] if _pair(conv.stride) != (1, 1) else []
    if _pair(conv.dilation) != (1, 1):
        details.append(f"dilation {_pair(conv.dilation)[0]}")
    depthwise = conv.groups > 1 and conv.groups == conv.in_channels == conv.out_channels
    if conv.groups > 1 and not depthwise:
        details.append(f"{conv.groups} groups")
    kind = "grouped" if conv.groups > 1 else "pointwise" if _pair(conv.kernel_size) == (1, 1) else "conv"
    word = "depthwise" if depthwise else "conv"
    return Node(kind, f"{_window(conv.kernel_size)} {word}, {conv.out_channels}", ", ".join(details))


def describe_module(module: nn.Module) -> Node | None:
    """The node of one of PyTorch's own layers; None for any other module."""
    if isinstance(module, nn.Conv2d):
        return describe_conv(module)
    if isinstance(module, nn.Linear):
        return Node("linear", f"linear, {module.out_features}")
    if isinstance(module, nn.MaxPool2d | nn.AvgPool2d):
        kind = "max" if isinstance(module, nn.MaxPool2d) else "average"
        if kind == "average" and _pair(module.kernel_size) == (1, 1):
            return Node("pool", "every other pixel")
        return Node("pool", *_pool_label(kind, module.kernel_size, module.stride))
    if isinstance(module, nn.AdaptiveAvgPool2d):
        size = module.output_size
        whole = size in (1, (1, 1))
        return Node("pool", "global average pool" if whole else f"average pool to {_window(size)}")
    if isinstance(module, nn.ZeroPad2d):
        return Node("light", "shift by a pixel" if min(module.padding) < 0 else "zero padding")
    name = type(module).__name__
    light = isinstance(module, nn.modules.batchnorm._NormBase | nn.modules.dropout._DropoutNd) or (
        type(module).__module__ == "torch.nn.modules.activation" or name in _LIGHT_WORDS
    )
    if light:
        return Node("light", _LIGHT_WORDS.get(name, name))
    return None


def class_words(module: nn.Module) -> str:
    """The name of a module's class in words: ``BasicBlock`` is a ``basic block``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", type(module).__name__).lower()


def _describe_module(module: nn.Module, output) -> Node:
    known = describe_module(module)
    if known is not None:
        return known
    convs = [m for m in module.modules() if isinstance(m, nn.Conv2d)]
    window = f"{_window(max(m.kernel_size for m in convs))} " if convs else ""
    channels = next(iter(tensors_in(output))).shape[1]
    kind = "other" if not convs else "grouped" if any(m.groups > 1 for m in convs) else "conv"
    strides = [m.stride for m in convs if max(m.stride) > 1]
    return Node(kind, f"{window}{class_words(module)}, {channels}", _stride(strides[0]) if strides else "")


def _describe_function(kind: str, args: tuple, kwargs: dict) -> Node:
    if kind in ("avg_pool2d", "max_pool2d"):
        given = dict(zip(("input", "kernel_size", "stride"), args, strict=False)) | kwargs
        word = "max" if kind.startswith("max") else "average"
        size = given["kernel_size"]
        return Node("pool", *_pool_label(word, size, given.get("stride") or size))
    if kind == "adaptive_avg_pool2d":
        return Node("pool", "global average pool")
    if kind in ("mul", "div") and any(isinstance(a, int | float) for a in args):
        number = next(a for a in args if isinstance(a, int | float))
        return Node("light", f"{'×' if kind == 'mul' else '÷'} {number:g}")
    word = _FUNCTION_WORDS.get(kind, kind.replace("_", " "))
    if kind in _MERGES:
        return Node("merge", word)
    if kind in _VIEWS:
        return Node("view", word)
    return Node("light" if kind in _LIGHT_FUNCTIONS else "other", word)
