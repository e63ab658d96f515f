"""What learns and what stays: freezing, new heads, batch norm that stops listening."""

from __future__ import annotations

import functools

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from course_utils.transfer.stages import HEAD, parts, stages


def freeze(model: nn.Module, *names: str) -> nn.Module:
    """Keep parameters from learning: of the stages or submodules ``names``, else of all of ``model``.

    Batch norm in a frozen stage still follows its batches' statistics, and drop-out still drops, whenever
    the model is in training mode: :func:`freeze_batch_norm` stops the former.

    Raises:
        ValueError: a name is neither a stage nor a path.

    >>> freeze(model)            # everything
    >>> unfreeze(model, "head")  # but the head
    """
    return _set(model, names, False)


def unfreeze(model: nn.Module, *names: str) -> nn.Module:
    """Let parameters learn again; the opposite of :func:`freeze`, with the same arguments."""
    return _set(model, names, True)


def _set(model: nn.Module, names: tuple[str, ...], learns: bool) -> nn.Module:
    for module in parts(model, names):
        module.requires_grad_(learns)
    return model


def freeze_batch_norm(model: nn.Module, *names: str) -> nn.Module:
    """Keep batch norm in evaluation mode, even when ``model.train()`` is called.

    Its running averages stay what they were on the data the network was trained on: of a small new set, or
    small batches, they would soon be estimates too poor for the frozen layers behind. The learned scale and
    shift are parameters like others: :func:`freeze` holds them.
    """
    for norm in _batch_norms(model, names):
        norm.eval()
        norm.train = functools.partial(_stay_in_eval, norm)
    return model


def unfreeze_batch_norm(model: nn.Module, *names: str) -> nn.Module:
    """Let batch norm follow ``train()`` and ``eval()`` again; takes effect at the next call of either."""
    for norm in _batch_norms(model, names):
        vars(norm).pop("train", None)
    return model


def _stay_in_eval(self: nn.Module, mode: bool = True) -> nn.Module:
    return self


def _batch_norms(model: nn.Module, names: tuple[str, ...]) -> list[nn.Module]:
    return [m for part in parts(model, names) for m in part.modules() if isinstance(m, _BatchNorm)]


def replace_head(model: nn.Module, num_classes: int) -> nn.Module:
    """Give ``model``, in place, a fresh last layer for ``num_classes``; the rest keeps its weights.

    Auxiliary heads (GoogLeNet's) are replaced as well. The new weights are drawn by PyTorch's default
    initialisation from the global generator: call ``torch.manual_seed`` first.

    Raises:
        ValueError: ``num_classes`` is below 1.
        TypeError: ``num_classes`` is not an integer.
    """
    if not isinstance(num_classes, int) or isinstance(num_classes, bool):
        raise TypeError(f"num_classes is {num_classes!r}: expected an integer")
    if num_classes < 1:
        raise ValueError(f"num_classes is {num_classes}: expected at least 1")
    head = stages(model)[HEAD]
    old_classes = _outputs(head.modules[-1])
    for path, module in zip(head.paths, head.modules, strict=True):
        fitting = [
            (name, layer)
            for name, layer in module.named_modules()
            if isinstance(layer, nn.Linear | nn.Conv2d) and _outputs(layer) == old_classes
        ]
        for name, layer in fitting[-1:]:  # one before the last is as wide by chance
            parent, _, child = f"{path}.{name}".rstrip(".").rpartition(".")
            setattr(model.get_submodule(parent), child, _like(layer, num_classes))
    return model


def _outputs(layer: nn.Module) -> int:
    return layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels


def _like(layer: nn.Linear | nn.Conv2d, outputs: int) -> nn.Module:
    common = {
        "bias": layer.bias is not None,
        "device": layer.weight.device,
        "dtype": layer.weight.dtype,
    }
    if isinstance(layer, nn.Linear):
        return nn.Linear(layer.in_features, outputs, **common)
    return nn.Conv2d(layer.in_channels, outputs, layer.kernel_size, layer.stride, layer.padding, **common)
