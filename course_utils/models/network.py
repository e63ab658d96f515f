"""What all networks share: an ``nn.Module`` that says where an unsuitable input went wrong."""

from collections import OrderedDict

from torch import Tensor, nn


class Network(nn.Module):
    """An ``nn.Module`` whose errors about its input name the stage that failed.

    PyTorch reports a kernel larger than its input without saying which of a hundred layers it was. A
    network that derives from this class raises instead, say, ``ValueError: lenet5: input 1x1x12x12 is
    too small: it vanishes at features.3 (Conv2d: kernel 5, padding 0, stride 1), which gets a
    4x4 map ...``. Nothing is checked beforehand, so a call that succeeds costs nothing extra; the failing
    layer is read from the traceback. Layers that can make a map vanish (convolutions, pooling) have to be
    modules rather than function calls to be named.
    """

    name: str | None = None  # the registered name, set by `create`
    input_size: tuple[int, int, int] | None = None  # (C, H, W) the network was designed for, set by `create`

    def __call__(self, *args, **kwargs):
        try:
            return super().__call__(*args, **kwargs)
        except (RuntimeError, ValueError) as error:
            reason = _explain(self, args, error)
            if reason is None:
                raise
            raise ValueError(reason) from error


def named(**layers: nn.Module) -> nn.Sequential:
    """``nn.Sequential`` whose layers have names instead of numbers."""
    return nn.Sequential(OrderedDict(layers))


def _explain(network: Network, args: tuple, error: Exception) -> str | None:
    """Say why `network` could not take its input, or None where the input is not to blame."""
    if len(args) != 1 or not isinstance(args[0], Tensor):
        return None
    (x,) = args
    title = network.name or type(network).__name__
    shape = _sizes(x.shape)
    native = (
        f" {title} was designed for inputs of {_sizes(network.input_size)}." if network.input_size else ""
    )
    if x.dim() != 4:
        hint = " Add the batch axis with x[None]." if x.dim() == 3 else ""
        return f"{title}: input has shape {shape}, not (N, C, H, W).{hint}"

    path, layer, got = _failed_layer(network, error)
    if got is None:
        return None
    at = f"{path} ({_describe(layer)})"
    if isinstance(layer, nn.Conv2d) and got.shape[1] != layer.in_channels:
        wanted = layer.in_channels
        return f"{title}: input {shape} does not fit: {at} takes {wanted} channels, not {got.shape[1]}."
    if isinstance(layer, nn.Linear) and got.shape[-1] != layer.in_features:
        return (
            f"{title}: input {shape} has the wrong height or width: it no longer fits at {at}, which takes "
            f"{layer.in_features} features, not {got.shape[-1]}.{native}"
        )
    if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
        out = [_output_size(layer, axis, n) for axis, n in enumerate(got.shape[-2:])]
        if min(out) < 1:
            return (
                f"{title}: input {shape} is too small: it vanishes at {at}, which gets a "
                f"{_sizes(got.shape[-2:])} map: the output would have size {_sizes(out)}.{native}"
            )
    return None


def _failed_layer(network: Network, error: Exception) -> tuple[str, nn.Module, Tensor | None]:
    """The innermost module that `error` passed through: its path, itself and its first argument."""
    paths = {module: path for path, module in network.named_modules()}
    layer, got = network, None
    traceback = error.__traceback__
    while traceback is not None:
        variables = traceback.tb_frame.f_locals
        module = variables.get("self")
        if isinstance(module, nn.Module) and module in paths and variables.get("args"):
            layer, got = module, variables["args"][0]
        traceback = traceback.tb_next
    return paths[layer], layer, got if isinstance(got, Tensor) else None


def _describe(layer: nn.Module) -> str:
    kind = type(layer).__name__
    if not hasattr(layer, "kernel_size"):
        return kind
    values = (_pair(layer.kernel_size), _pair(layer.padding), _pair(layer.stride))
    kernel, padding, stride = (str(a) if a == b else f"{a}x{b}" for a, b in values)
    return f"{kind}: kernel {kernel}, padding {padding}, stride {stride}"


def _output_size(layer: nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d, axis: int, size: int) -> int:
    """The size along one axis (0 height, 1 width) that `layer` would give; below 1 where it does not fit."""
    kernel, padding = _pair(layer.kernel_size)[axis], _pair(layer.padding)[axis]
    stride, dilation = _pair(layer.stride)[axis], _pair(getattr(layer, "dilation", 1))[axis]
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if getattr(layer, "ceil_mode", False):
        room += stride - 1
    return room // stride + 1


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def _sizes(sizes) -> str:
    return "x".join(str(size) for size in sizes)
