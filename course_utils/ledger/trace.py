"""One forward pass on the meta device, and everything it tells about a model."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from .receptive import RESHAPED_IN_PLACE, Tracker
from .rows import Ledger, Row

Size = Sequence[int]


def account(
    model: nn.Module,
    input_size: Size | torch.Tensor | Sequence[Size | torch.Tensor],
    batch: int = 1,
    training: bool = False,
    *,
    rows: str | set[str] | Callable[[Row], bool] = "all",
    biases: bool = True,
) -> Ledger:
    """Count what ``model`` does to one batch: a row for every operation, in the order it happens.

    The model runs once on PyTorch's meta device, where tensors have shapes but no data: no weights are
    needed, nothing is computed and no memory is used. ``model`` itself is left as it is; a copy of its
    structure runs. A model with frozen parameters keeps less for the backward pass, and the account says so.

    :param model: any module whose ``forward`` does not look at the values in its tensors.
    :param input_size: ``(C, H, W)`` without the batch, as in ``(3, 224, 224)``; ``(C, L)`` or ``(features,)``
        as well. For several inputs a list of them. A tensor stands for its own shape and dtype, batch
        included (token numbers, for instance).
    :param batch: number of examples N in front of every size.
    :param training: account for training mode (dropout active, batch statistics) instead of evaluation.
    :param rows: which rows to keep, see :meth:`Ledger.restrict`.
    :param biases: False leaves biases out of the parameter counts, as some tables do.
    :returns: a :class:`Ledger`.
    :raises TypeError: the model is no module, or cannot be copied.
    :raises ValueError: a size that is none, or a forward pass that fails; the message names the module.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
        raise ValueError(f"batch must be a whole number of at least 1, got {batch!r}")
    model = getattr(model, "_orig_mod", model)  # what torch.compile wraps
    with torch.inference_mode(False), torch.enable_grad():
        twin = _meta_copy(model).train(training)
        inputs = _meta_inputs(input_size, batch, _float_dtype(model))
        if any(nn.parameter.is_lazy(p) for p in (*twin.parameters(), *twin.buffers())):
            with torch.device("meta"), _explained(model, inputs, _Pass(twin)):
                twin(*inputs)  # lazy layers learn their shapes
        ledger = _Pass(twin).run(model, inputs)
    return ledger.restrict(rows, biases=biases)


def _meta_copy(model: nn.Module) -> nn.Module:
    """A copy of the structure with shapes for weights: ``deepcopy`` told in advance what each tensor becomes."""
    memo: dict[int, Any] = {}

    def shape_of(tensor: torch.Tensor) -> torch.Tensor:
        if nn.parameter.is_lazy(tensor):
            kind = type(tensor)
            return kind(requires_grad=tensor.requires_grad, device="meta", dtype=tensor.dtype)
        empty = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
        if isinstance(tensor, nn.Parameter):
            return nn.Parameter(empty, requires_grad=tensor.requires_grad)
        return empty.requires_grad_(tensor.requires_grad)

    for module in model.modules():
        for value in (*module._parameters.values(), *module._buffers.values(), *vars(module).values()):
            if isinstance(value, torch.Tensor) and id(value) not in memo:
                memo[id(value)] = shape_of(value)
    try:
        return copy.deepcopy(model, memo)
    except Exception as error:
        raise TypeError(f"{type(model).__name__} cannot be copied, so it cannot be accounted for: {error}") from error


def _float_dtype(model: nn.Module) -> torch.dtype:
    return next((p.dtype for p in model.parameters() if p.is_floating_point()), torch.get_default_dtype())


def _meta_inputs(input_size: Any, batch: int, dtype: torch.dtype) -> list[torch.Tensor]:
    def is_size(value: Any) -> bool:
        return isinstance(value, Sequence) and not isinstance(value, str) and all(type(n) is int for n in value)

    single = isinstance(input_size, torch.Tensor) or (is_size(input_size) and len(input_size) > 0)
    if not single and (isinstance(input_size, str) or not isinstance(input_size, Sequence) or not input_size):
        raise ValueError(f"input_size must be (C, H, W), or a list of such sizes, got {input_size!r}")
    inputs = []
    for size in [input_size] if single else input_size:
        if isinstance(size, torch.Tensor):
            inputs.append(torch.empty_like(size, device="meta"))
        elif is_size(size) and size and min(size) >= 1:
            inputs.append(torch.empty(batch, *size, dtype=dtype, device="meta"))
        else:
            raise ValueError(f"input_size must hold whole numbers of at least 1, as in (3, 224, 224), got {size!r}")
    return inputs


def _storage(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)


# The flop counter has no formula for products with a vector.
_VECTOR_MACS = {
    "mv": lambda matrix, vector: matrix.numel(),
    "addmv": lambda bias, matrix, vector: matrix.numel(),
    "dot": lambda a, b: a.numel(),
    "vdot": lambda a, b: a.numel(),
}
_BIAS_ARGUMENT = {"addmm": "self", "baddbmm": "self", "addmv": "self"}


@dataclass
class _Call:
    """A function call in the making of a row."""

    kind: str
    module: str
    macs: int = 0
    saved: int = 0
    own: int = 0
    own_biases: int = 0
    reused: int = 0
    computes: bool = False
    operators: list[str] = field(default_factory=list)


class _Pass:
    """What is known while the model runs."""

    def __init__(self, twin: nn.Module) -> None:
        self.twin = twin
        self.rows: list[Row] = []
        self.tracker = Tracker()
        self.path: list[str] = []  # modules being executed, outermost first
        self.calls: list[_Call] = []
        self.storages: dict[int, torch.UntypedStorage] = {}  # kept alive: an address is only unique while used
        self.saved: set[int] = set()
        self.claimed: set[int] = set()
        self.parameters = {_storage(p): (name, p) for name, p in _materialised(twin.named_parameters())}
        self.buffers = {_storage(b) for _, b in _materialised(twin.named_buffers())}
        self.classes = {name: type(module).__name__ for name, module in twin.named_modules()}

    def run(self, model: nn.Module, inputs: list[torch.Tensor]) -> Ledger:
        for module_path, module in self.twin.named_modules():
            self._follow(module_path, module)
        for source, tensor in enumerate(inputs):
            self._keep(tensor)
            if tensor.is_floating_point():
                self.tracker.start(tensor, source)
        with (
            torch.device("meta"),
            _explained(model, inputs, self),
            saved_tensors_hooks(self._pack, lambda _: None),
            _Functions(self),
            _Operators(self),
        ):
            self.twin(*inputs)
        unused = {name: p.numel() for key, (name, p) in self.parameters.items() if key not in self.claimed}
        if self.tracker.unknown:
            names = ", ".join(sorted(set(self.tracker.unknown)))
            warnings.warn(f"no receptive field is known past these operations: {names}", stacklevel=3)
        return Ledger(
            name=type(model).__name__,
            rows=tuple(self.rows),
            inputs=tuple(tuple(t.shape) for t in inputs),
            training=self.twin.training,
            unused=unused,
            parameter_bytes=sum(p.numel() * p.element_size() for _, p in self.parameters.values()),
            trainable=sum(p.numel() for _, p in self.parameters.values() if p.requires_grad),
        )

    # ----- where we are

    def _follow(self, name: str, module: nn.Module) -> None:
        def enter(*_: Any) -> None:
            self.path.append(name)

        def leave(*_: Any) -> None:
            self.path.pop()

        module.register_forward_pre_hook(enter, prepend=True)
        module.register_forward_hook(leave)

    def _pack(self, tensor: torch.Tensor) -> None:
        """Autograd keeps ``tensor`` for the backward pass: whose memory is that, and is it new?"""
        with torch._C.DisableTorchFunction():
            key = _storage(tensor)
            if key in self.parameters or key in self.buffers or key in self.saved:
                return
            self.saved.add(key)
            self._keep(tensor)
            size = tensor.untyped_storage().nbytes()
        if self.calls:
            self.calls[-1].saved += size
        elif self.rows:  # a custom autograd.Function saves after its operations
            last = self.rows[-1]
            self.rows[-1] = replace(last, saved_bytes=last.saved_bytes + size)

    def _keep(self, tensor: torch.Tensor) -> bool:
        """Remember a tensor's memory; True when it is new."""
        storage = tensor.untyped_storage()
        new = storage._cdata not in self.storages
        self.storages.setdefault(storage._cdata, storage)
        return new

    # ----- what happens

    def operator(self, func, args: tuple, kwargs: dict) -> Any:
        """One ATen operation, inside a call of the current row or, where Python saw none, a row of its own."""
        if not self.calls:
            with self.call(func.overloadpacket.__name__, args, kwargs) as finish:
                return finish(self.operator(func, args, kwargs))
        # A tensor that the model keeps outside its parameters and buffers is still on its old device.
        args, kwargs = torch.utils._pytree.tree_map_only(torch.Tensor, _to_meta, (args, kwargs))
        call, packet = self.calls[-1], func.overloadpacket
        # Operations that reshape a tensor in place: the tracker needs to see it as it was.
        before = (torch.ops.aten.alias(args[0]), *args[1:]) if packet.__name__ in RESHAPED_IN_PLACE else args
        result = func(*args, **kwargs)
        call.operators.append(packet.__name__)
        is_view = func.is_view or packet.__name__ in ("_unsafe_view", "detach")
        call.computes |= not is_view
        if packet in flop_registry:
            call.macs += flop_registry[packet](*args, **kwargs, out_val=result) // 2
        elif packet.__name__ in _VECTOR_MACS:
            call.macs += _VECTOR_MACS[packet.__name__](*args[:3] if packet.__name__ == "addmv" else args[:2])
        if not is_view:
            self._claim(func, args, kwargs, call)
        self.tracker.step(func, before, kwargs, result)
        return result

    def _claim(self, func, args: tuple, kwargs: dict, call: _Call) -> None:
        """The parameters among the operands: counted in the row that uses them first."""
        names = [argument.name for argument in func._schema.arguments]
        bias_name = _BIAS_ARGUMENT.get(func.overloadpacket.__name__, "bias")
        for name, value in (*zip(names, args, strict=False), *kwargs.items()):
            for tensor in _tensors(value):
                key = _storage(tensor)
                if key not in self.parameters:
                    continue
                full_name, parameter = self.parameters[key]
                if key in self.claimed:
                    call.reused += parameter.numel()
                    continue
                self.claimed.add(key)
                call.own += parameter.numel()
                if name == bias_name or "bias" in full_name.rpartition(".")[2]:
                    call.own_biases += parameter.numel()

    @contextmanager
    def call(self, kind: str, args: tuple, kwargs: dict):
        """A row in the making. The body hands its result through the function it is given."""
        module = self.path[-1] if self.path else ""
        call = _Call(kind, module)
        self.calls.append(call)
        result: list[Any] = []
        try:
            yield lambda value: (result.append(value), value)[1]
        finally:
            self.calls.pop()
        if call.operators:
            with torch._C.DisableTorchFunction():
                self._write(call, args, kwargs, result[0])

    def _write(self, call: _Call, args: tuple, kwargs: dict, result: Any) -> None:
        fixed = self.parameters.keys() | self.buffers
        inputs = [t for t in _tensors([args, kwargs]) if _storage(t) not in fixed]
        outputs = list(_tensors(result)) or inputs[:1]  # __setitem__ returns nothing
        if all(_storage(t) in fixed for t in outputs):
            return  # a transposed weight, an update of running statistics: bookkeeping, no activation
        fresh = sum(t.untyped_storage().nbytes() for t in outputs if self._keep(t))
        view = self.tracker.view(outputs[0])
        self.rows.append(
            Row(
                index=len(self.rows),
                module=call.module,
                layer=self.classes.get(call.module, ""),
                kind=_kind(call.operators[0] if call.kind == "__get__" else call.kind),  # x.T is a property
                inputs=tuple(tuple(t.shape) for t in inputs),
                outputs=tuple(tuple(t.shape) for t in outputs),
                parameters=call.own,
                biases=call.own_biases,
                reused_parameters=call.reused,
                macs=call.macs,
                output_bytes=sum(t.numel() * t.element_size() for t in outputs),
                activation_bytes=fresh,
                saved_bytes=call.saved,
                receptive_field=view and view.size,
                jump=view and view.jump,
                centre=view and view.centre,
                covers_input=bool(view and view.covers_input),
                is_view=not call.computes,
            )
        )


class _Functions(TorchFunctionMode):
    """Sees the calls that the model's code makes: each becomes a row, however many operators it needs."""

    def __init__(self, run: _Pass) -> None:
        super().__init__()
        self.run = run

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = getattr(func, "__name__", str(func))
        with self.run.call(name, args, kwargs) as finish:
            return finish(func(*args, **kwargs))


class _Operators(TorchDispatchMode):
    """Sees every ATen operator below autograd, whoever called it."""

    def __init__(self, run: _Pass) -> None:
        super().__init__()
        self.run = run

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return self.run.operator(func, args, kwargs or {})


def _to_meta(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.device.type == "meta" else tensor.to("meta")


def _materialised(named: Iterator[tuple[str, torch.Tensor]]) -> Iterator[tuple[str, torch.Tensor]]:
    return ((name, tensor) for name, tensor in named if not nn.parameter.is_lazy(tensor))


_KINDS = {
    "iadd": "add", "radd": "add", "sub": "sub", "isub": "sub", "rsub": "sub", "imul": "mul", "rmul": "mul",
    "itruediv": "div", "truediv": "div", "rtruediv": "div", "div": "div", "getitem": "slice", "setitem": "copy",
    "matmul": "matmul", "rmatmul": "matmul", "concat": "cat", "concatenate": "cat", "view": "reshape",
    "reshape": "reshape", "rpow": "pow",
}  # fmt: skip


def _kind(name: str) -> str:
    """The function's plain name: ``add_``, ``__iadd__`` and ``add`` are all ``add``."""
    plain = name.strip("_")
    return _KINDS.get(plain, plain)


@contextmanager
def _explained(model: nn.Module, inputs: list[torch.Tensor], run: _Pass):
    """Turn a failing forward pass into a ValueError that says where, and why if we know."""
    try:
        yield
    except Exception as error:
        where = f" in module {run.path[-1]!r} ({run.classes[run.path[-1]]})" if run.path and run.path[-1] else ""
        sizes = ", ".join(str(tuple(t.shape)) for t in inputs)
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if "meta tensor" in reason.lower() or "_local_scalar_dense" in str(error):
            reason = (
                "its forward pass looks at the values in a tensor (a condition, .item(), .numpy()), "
                f"and an account has only shapes: {reason}"
            )
        raise ValueError(f"{type(model).__name__} fails on an input of shape {sizes}{where}: {reason}") from error
