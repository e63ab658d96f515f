"""Where a network can be cut: its stages, from the input to the head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from course_utils.training.modes import evaluating

HEAD = "head"
# A map this many times smaller than a stage's first one opens the next stage. Halving does; the pixel or two
# that an unpadded convolution costs do not.
SHRINKS = 1.5


@dataclass(frozen=True)
class Stage:
    """Consecutive parts of a network that work at one resolution; the last stage is the head.

    Attributes:
        name: ``"stage1"``, ``"stage2"``, ..., ``"head"``.
        paths: the parts, as ``model.get_submodule`` takes them, in the order they compute.
        modules: the parts themselves.
        size: (H, W) of the map that its last part hands on; ``None`` for vectors.
    """

    name: str
    paths: tuple[str, ...]
    modules: tuple[nn.Module, ...]
    size: tuple[int, int] | None

    def parameters(self) -> Iterator[nn.Parameter]:
        """The stage's parameters, each once."""
        return iter(dict.fromkeys(p for module in self.modules for p in module.parameters()))


def stages(model: nn.Module, input_size: tuple[int, int, int] | None = None) -> dict[str, Stage]:
    """Cut ``model`` into stages: runs of layers at one resolution, then its head.

    Nothing about architectures is looked up. The network is run once on shapes alone (the meta device: no
    arithmetic, no memory) and cut where its maps shrink and where maps become vectors. The head is the last
    layer with weights, together with whatever only runs in training (GoogLeNet's auxiliary classifiers).
    Every layer with weights belongs to exactly one stage. (A bare parameter of the network itself belongs to
    none.)

    Args:
        model: a network from images to logits.
        input_size: (C, H, W); the networks of the registry know their own.

    Returns:
        Name to :class:`Stage`, from the input to ``"head"``.

    Raises:
        ValueError: ``input_size`` is missing; or no single layer makes the logits, so there is no head.

    >>> list(stages(models.create("resnet18")))
    ['stage1', 'stage2', 'stage3', 'stage4', 'stage5', 'head']
    """
    order = _order_of_computation(model, _input_size(model, input_size))
    head = _head(model, order)
    found: list[tuple[list[str], tuple[int, int] | None]] = []
    first = None  # the map that opened the current stage
    for path, size in order.items():
        if path == head:
            break
        if not found or _next_stage(first, size):
            found.append(([], size))
            first = size
        found[-1] = ([*found[-1][0], path], size)
    with_weights = [
        (paths, size) for paths, size in found if any(_has_weights(model.get_submodule(p)) for p in paths)
    ]
    unused = [p for p, module in _units(model) if p not in order and _has_weights(module)]
    named = {f"stage{i}": stage for i, stage in enumerate(with_weights, start=1)}
    named[HEAD] = ([*unused, head], None)
    return {
        name: Stage(name, tuple(paths), tuple(model.get_submodule(p) for p in paths), size)
        for name, (paths, size) in named.items()
    }


def layers(model: nn.Module) -> list[tuple[str, ...]]:
    """The layers with weights of a chain, each a tuple of paths: a convolution or linear layer and its norm.

    Counted as Yosinski et al. count them: LeNet-5 has five. For networks that are one chain of layers;
    in a residual network the order is that of definition and a shortcut counts as a layer.
    """
    found: list[list[str]] = []
    for path, module in model.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            found.append([path])
        elif found and not any(module.children()) and _has_weights(module):
            found[-1].append(path)
    return [tuple(paths) for paths in found]


def parts(model: nn.Module, names: tuple[str, ...]) -> list[nn.Module]:
    """The modules that ``names`` stand for: stages, paths of submodules; all of ``model`` for no name.

    Raises:
        ValueError: a name is neither; the message lists the stages.
    """
    if not names:
        return [model]
    by_path = dict(model.named_modules())
    found: list[nn.Module] = []
    known: dict[str, Stage] | None = None
    for name in names:
        if name in by_path and name:
            found.append(by_path[name])
            continue
        known = stages(model) if known is None else known
        if name not in known:
            raise ValueError(
                f"{name!r} is no part of this network: expected a stage ({', '.join(known)}) or a path "
                "such as named_modules() lists"
            )
        found.extend(known[name].modules)
    return found


def _input_size(model: nn.Module, input_size: tuple[int, int, int] | None) -> tuple[int, int, int]:
    size = input_size or getattr(model, "input_size", None)
    if size is None:
        raise ValueError("input_size is missing: this network does not say which (C, H, W) it was made for")
    if len(size) != 3:
        raise ValueError(f"input_size is {size!r}: expected (C, H, W)")
    return tuple(size)


def _units(model: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """The parts between which a network can be cut: its children, plain containers opened."""
    for name, child in model.named_children():
        path = f"{prefix}{name}"
        if isinstance(child, nn.Sequential | nn.ModuleList):
            yield from _units(child, f"{path}.")
        else:
            yield path, child


def _order_of_computation(model: nn.Module, input_size) -> dict[str, tuple[int, int] | None]:
    """Unit -> (H, W) that it hands on, or None for vectors; in the order in which they first ran."""
    order: dict[str, tuple[int, int] | None] = {}

    def note(path):
        def hook(module, args, output):
            output = output[0] if isinstance(output, tuple | list) else output
            order.setdefault(path, tuple(output.shape[-2:]) if output.ndim == 4 else None)

        return hook

    handles = [module.register_forward_hook(note(path)) for path, module in _units(model)]
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    shapes = {name: tensor.to("meta") for name, tensor in tensors.items()}
    try:
        with torch.no_grad(), evaluating(model):
            torch.func.functional_call(model, shapes, torch.empty(1, *input_size, device="meta"))
    finally:
        for handle in handles:
            handle.remove()
    return order


def _head(model: nn.Module, order: dict) -> str:
    by_path = dict(_units(model))
    last = next((path for path in reversed(order) if _has_weights(by_path[path])), None)
    if last is None or not isinstance(by_path[last], nn.Linear | nn.Conv2d):
        kind = "nothing" if last is None else f"{last} ({type(by_path[last]).__name__})"
        raise ValueError(
            f"this network has no head: expected its last part with weights to be a linear layer or a 1x1 "
            f"convolution that makes the logits, not {kind}"
        )
    return last


def _has_weights(module: nn.Module) -> bool:
    return next(module.parameters(), None) is not None


def _next_stage(first: tuple[int, int] | None, size: tuple[int, int] | None) -> bool:
    if first is None or size is None:
        return first is not size
    return first[0] >= SHRINKS * size[0] or first[1] >= SHRINKS * size[1]
