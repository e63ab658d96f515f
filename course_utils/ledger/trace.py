"""One forward pass on the meta device, and everything it tells about a model."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
import torch._dynamo  # the first operation on meta imports it: 1 to 2 s that belong here, not in an account
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.flop_counter import flop_registry

from .meta import float_dtype, meta_copy, meta_inputs
from .receptive import Tracker
from .rows import Ledger, Row
from .rules import RESHAPED_IN_PLACE
from .tensors import storage_of, tensors_in

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
    One that draws lots (stochastic depth in training) is accounted for with the same draw every time.

    :param model: any module whose ``forward`` does not look at the values in its tensors.
    :param input_size: ``(C, H, W)`` without the batch, as in ``(3, 224, 224)``; ``(C, L)`` or ``(features,)``
        as well. For several inputs a list of them. A tensor stands for its own shape and dtype, batch
        included (token numbers, for instance).
    :param batch: number of examples N in front of every size.
    :param training: account for training mode (dropout active, batch statistics) instead of evaluation.
    :param rows: which rows to keep, see :meth:`Ledger.restrict`.
    :param biases: False leaves biases out of the parameter counts, as some tables do.
    :returns: a :class:`Ledger`.
    :raises TypeError: the model is no module, is TorchScript, or cannot be copied.
    :raises ValueError: a size that is none, or a forward pass that fails; the message names the module.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    if isinstance(batch, bool) or not isinstance(batch, int) or batch < 1:
        raise ValueError(f"batch must be a whole number of at least 1, got {batch!r}")
    model = getattr(model, "_orig_mod", model)  # what torch.compile wraps
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        raise TypeError("model is TorchScript, which runs unseen: account for the module it was made from")
    with torch.inference_mode(False), torch.enable_grad():
        twin = meta_copy(model).train(training)
        inputs = meta_inputs(input_size, batch, float_dtype(model))
        if any(nn.parameter.is_lazy(p) for p in (*twin.parameters(), *twin.buffers())):
            with torch.device("meta"), _explained(model, inputs):
                twin(*inputs)  # lazy layers learn their shapes
        ledger = _Pass(twin).run(model, inputs)
    return ledger.restrict(rows, biases=biases)


def _title(model: nn.Module) -> str:
    """The registered name of one of the course's models, else the class."""
    name = getattr(model, "name", None)
    return name if isinstance(name, str) else type(model).__name__


# Products with a vector, for which the flop counter has no formula: the operand with one number per MAC.
_VECTOR_PRODUCTS = {"mv": 0, "addmv": 1, "dot": 0, "vdot": 0}
# Operations whose bias argument has another name.
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
        self.path: list[
            tuple[str, nn.Module, tuple]
        ] = []  # modules being executed, outermost first, and inputs
        self.calls: list[_Call] = []
        self.alive: list[torch.UntypedStorage] = []  # an address is unique only as long as its storage lives
        self.activations: set[int] = set()  # addresses, here and below: memory that rows have paid for
        self.saved: set[int] = set()
        self.claimed: set[int] = set()  # parameters
        self.parameters = {storage_of(p): (name, p) for name, p in twin.named_parameters()}
        self.buffers = {storage_of(b) for b in twin.buffers()}
        self.classes = {name: type(module).__name__ for name, module in twin.named_modules()}

    def run(self, model: nn.Module, inputs: list[torch.Tensor]) -> Ledger:
        for module_path, module in self.twin.named_modules():
            self._follow(module_path, module)
        for source, tensor in enumerate(inputs):
            self.activations.add(storage_of(tensor))
            if tensor.is_floating_point():
                self.tracker.start(tensor, source)
        with (
            torch.device("meta"),
            torch.random.fork_rng(devices=[]),
            _explained(model, inputs, self),
            saved_tensors_hooks(self._pack, lambda _: None),
            _Functions(self),
            _Operators(self),
        ):
            torch.default_generator.manual_seed(0)  # the one on the CPU, which fork_rng restores
            self.twin(*inputs)
        unused = {name: p.numel() for key, (name, p) in self.parameters.items() if key not in self.claimed}
        if self.tracker.unknown:
            names = ", ".join(sorted(set(self.tracker.unknown)))
            warnings.warn(f"no receptive field is known past these operations: {names}", stacklevel=3)
        return Ledger(
            name=_title(model),
            rows=tuple(self.rows),
            inputs=tuple(tuple(t.shape) for t in inputs),
            training=self.twin.training,
            unused=unused,
            parameter_bytes=sum(p.numel() * p.element_size() for _, p in self.parameters.values()),
            trainable=sum(p.numel() for _, p in self.parameters.values() if p.requires_grad),
        )

    # ----- where we are

    def _follow(self, name: str, module: nn.Module) -> None:
        def enter(_: nn.Module, args: tuple) -> None:
            self.path.append((name, module, args))

        def leave(*_: Any) -> None:
            self.path.pop()

        module.register_forward_pre_hook(enter, prepend=True)
        module.register_forward_hook(leave)

    def _pack(self, tensor: torch.Tensor) -> None:
        """Autograd keeps ``tensor`` for the backward pass: whose memory is that, and is it new?"""
        with torch._C.DisableTorchFunction():
            key = storage_of(tensor)
            if key in self.parameters or key in self.buffers or key in self.saved:
                return
            self.saved.add(key)
            size = tensor.untyped_storage().nbytes()
        if self.calls:
            self.calls[-1].saved += size
        elif self.rows:  # a custom autograd.Function saves after its operations
            last = self.rows[-1]
            self.rows[-1] = replace(last, saved_bytes=last.saved_bytes + size)

    # ----- what happens

    def operator(self, func, args: tuple, kwargs: dict) -> Any:
        """One ATen operation: part of the current row or, where Python saw no call, a row of its own."""
        if not self.calls:
            operation = partial(self.operator, func, args, kwargs)
            return self.call(func.overloadpacket.__name__, args, kwargs, operation)
        # A tensor that the model keeps outside its parameters and buffers is still on its old device. One
        # that meets no other may stay there: it holds a number that decides something, such as a lot drawn.
        devices = {tensor.device.type for tensor in tensors_in([args, kwargs])}
        if "meta" in devices and len(devices) > 1:
            args, kwargs = tree_map_only(torch.Tensor, lambda tensor: tensor.to("meta"), (args, kwargs))
        call, packet = self.calls[-1], func.overloadpacket
        # Operations that reshape a tensor in place: the tracker needs to see it as it was.
        before = (torch.ops.aten.alias(args[0]), *args[1:]) if packet.__name__ in RESHAPED_IN_PLACE else args
        result = func(*args, **kwargs)
        self.alive += [tensor.untyped_storage() for tensor in tensors_in(result)]
        call.operators.append(packet.__name__)
        is_view = func.is_view or packet.__name__ in ("_unsafe_view", "detach")
        call.computes |= not is_view
        if packet in flop_registry:
            call.macs += flop_registry[packet](*args, **kwargs, out_val=result) // 2
        elif packet.__name__ in _VECTOR_PRODUCTS:
            call.macs += args[_VECTOR_PRODUCTS[packet.__name__]].numel()
        if not is_view:
            self._claim(func, args, kwargs, call)
        self.tracker.step(func, before, kwargs, result)
        return result

    def _claim(self, func, args: tuple, kwargs: dict, call: _Call) -> None:
        """The parameters among the operands: counted in the row that uses them first."""
        names = [argument.name for argument in func._schema.arguments]
        bias_name = _BIAS_ARGUMENT.get(func.overloadpacket.__name__, "bias")
        for name, value in (*zip(names, args, strict=False), *kwargs.items()):
            for tensor in tensors_in(value):
                key = storage_of(tensor)
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

    def call(self, kind: str, args: tuple, kwargs: dict, body: Callable[[], Any]) -> Any:
        """Run ``body``, a function call of the model's, and write its row."""
        call = _Call(kind, self.path[-1][0] if self.path else "")
        self.calls.append(call)
        try:
            result = body()
        finally:
            self.calls.pop()
        if call.operators:
            with torch._C.DisableTorchFunction():
                self._write(call, args, kwargs, result)
        return result

    def _write(self, call: _Call, args: tuple, kwargs: dict, result: Any) -> None:
        fixed = self.parameters.keys() | self.buffers
        inputs = [t for t in tensors_in([args, kwargs]) if storage_of(t) not in fixed]
        outputs = list(tensors_in(result)) or inputs[:1]  # __setitem__ returns nothing
        if all(t.device.type != "meta" or storage_of(t) in fixed for t in outputs):
            return  # a lot drawn, a transposed weight, an update of running statistics: no activation
        new = {
            storage_of(t): t.untyped_storage().nbytes()
            for t in outputs
            if storage_of(t) not in self.activations
        }
        self.activations |= new.keys()
        view = self.tracker.view(outputs[0])
        self.rows.append(
            Row(
                index=len(self.rows),
                module=call.module,
                layer=self.classes.get(call.module, ""),
                kind=kind_of(call.operators[0] if call.kind == "__get__" else call.kind),  # x.T is a property
                inputs=tuple(tuple(t.shape) for t in inputs),
                outputs=tuple(tuple(t.shape) for t in outputs),
                parameters=call.own,
                biases=call.own_biases,
                reused_parameters=call.reused,
                macs=call.macs,
                output_bytes=sum(t.numel() * t.element_size() for t in outputs),
                activation_bytes=sum(new.values()),
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
        return self.run.call(name, args, kwargs, lambda: func(*args, **kwargs))


class _Operators(TorchDispatchMode):
    """Sees every ATen operator below autograd, whoever called it."""

    def __init__(self, run: _Pass) -> None:
        super().__init__()
        self.run = run

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return self.run.operator(func, args, kwargs or {})


_KINDS = {
    "iadd": "add", "radd": "add", "isub": "sub", "rsub": "sub", "imul": "mul", "rmul": "mul",
    "itruediv": "div", "truediv": "div", "rtruediv": "div", "rpow": "pow", "rmatmul": "matmul",
    "getitem": "slice", "setitem": "copy", "concat": "cat", "concatenate": "cat", "view": "reshape",
}  # fmt: skip


def kind_of(name: str) -> str:
    """The function's plain name: ``add_``, ``__iadd__`` and ``add`` are all ``add``."""
    plain = name.strip("_")
    return _KINDS.get(plain, plain)


@contextmanager
def _explained(model: nn.Module, inputs: list[torch.Tensor], run: _Pass | None = None):
    """Turn a failing forward pass into a ValueError that says where, and why if we know."""
    try:
        yield
    except Exception as error:
        where = ""
        if run and run.path and run.path[-1][0]:  # the innermost module: nobody left it
            path, module, args = run.path[-1]
            layer = type(module).__name__ if any(module.children()) else repr(module)
            got = ", ".join(str(tuple(t.shape)) for t in tensors_in(args))
            where = f" in module {path!r}, {layer}, which gets {got}"
        sizes = ", ".join(str(tuple(t.shape)) for t in inputs)
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if "meta tensor" in reason.lower() or "_local_scalar_dense" in str(error):
            reason = (
                "its forward pass looks at the values in a tensor (a condition, .item(), .numpy()), "
                f"and an account has only shapes: {reason}"
            )
        raise ValueError(f"{_title(model)} fails on an input of shape {sizes}{where}: {reason}") from error
