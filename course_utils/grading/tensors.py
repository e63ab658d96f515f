"""The judge's end of torch: gradients across the wall, and student modules that are ``nn.Module``s here.

A test written for local objects runs unchanged: ``loss.backward()``, ``torch.autograd.gradcheck``,
``state_dict``, ``load_state_dict``, ``parameters``, optimizers. The judge's copies of a student module's
parameters are *mirrors*: what the test does to them is sent over before the next call, and what student code
does is fetched when the test next looks.

Threat answered: a tensor subclass or a module class of the student's in the judge, which would run its code
in the middle of a comparison. Tensors are rebuilt as exact ``torch.Tensor``; a module here runs only this
file's code.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import nn

from . import proxies
from .inside import codec
from .session import Nonsense, Session


class _Across(torch.autograd.Function):
    """Joins the judge's graph to one that the student process keeps."""

    @staticmethod
    def forward(ctx: Any, session: Session, stage: Any, number: int, results: list, *inputs: Any) -> tuple:
        ctx.session, ctx.stage, ctx.number, ctx.count = session, stage, number, len(inputs)
        ctx.shapes = [(t.shape, t.dtype) for t in inputs]
        ctx.set_materialize_grads(False)
        return tuple(r.detach() for r in results)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Any) -> tuple:
        if not ctx.session.kept_by(ctx.stage):
            raise RuntimeError("backward through a result of an earlier test cell")
        found = ctx.session.request("backward", ctx.number, tuple(grads))
        fits = type(found) is tuple and len(found) == ctx.count
        for grad, (shape, _) in zip(found if fits else (), ctx.shapes, strict=fits):
            fits = fits and (grad is None or (type(grad) is torch.Tensor and grad.shape == shape))
        if not fits:
            ctx.session._fail(Nonsense("gradients of the wrong form"))
        made = [None if g is None else g.detach().to(d) for g, (_, d) in zip(found, ctx.shapes, strict=True)]
        return (None, None, None, None, *made)


def call(session: Session, target: Any, args: tuple, kwargs: dict) -> Any:
    """Call student code; its result is part of the judge's graph if it depends on tensors that require
    gradients.
    """
    modules = [m for m in _modules_in((target, args, kwargs)) if session.kept_by(m._remote.stage)]
    enabled = torch.is_grad_enabled()
    mirrors: list[tuple[int, nn.Parameter]] = []
    for module in modules:
        for part in module.modules() if enabled or module._loaded else ():
            if isinstance(part, StudentModule):
                part._send()
                mirrors += [(ident, p) for ident, p in part._mirrors() if p.requires_grad]
    mirrors = list(dict(mirrors).items())
    found, sent, _ = session.exchange(
        "call_torch", target, args, kwargs, enabled, [ident for ident, _ in mirrors]
    )
    if type(found) is not tuple or len(found) != 2 or type(found[1]) is not int:
        session._fail(Nonsense("an answer of the wrong form"))
    result, number = found
    if isinstance(target, StudentModule):
        for part in target.modules() if target.training and target._loaded else ():
            part.__dict__["_stale"] = True  # batch statistics have moved
    else:
        session.calls += 1  # any module may have been changed
    inputs = [t for t in _tensors_in((args, kwargs)) if t.requires_grad]
    known = {id(t) for t in sent}
    outputs = [t for t in _tensors_in(result) if t.requires_grad and id(t) not in known]
    if not number or not enabled:
        return _replaced(result, {id(t): t.detach() for t in outputs})
    everything = [*inputs, *(p for _, p in mirrors)]
    if not everything:
        return _replaced(result, {id(t): t.detach() for t in outputs})
    joined = _Across.apply(session, session.top, number, outputs, *everything)
    return _replaced(result, {id(old): new for old, new in zip(outputs, joined, strict=True)})


def _tensors_in(value: Any) -> list[torch.Tensor]:
    """The tensors in plain containers, each once, in order; the twin of ``inside.graphs.tensors_in``."""
    from .inside.graphs import tensors_in

    return tensors_in(value)


def _modules_in(value: Any) -> list[StudentModule]:
    found: dict[int, Any] = {}
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, StudentModule):
            found[id(item)] = item
        elif isinstance(item, list | tuple):
            todo += item
        elif isinstance(item, dict):
            todo += item.values()
    return list(found.values())


def _replaced(value: Any, new: dict[int, Any]) -> Any:
    """The same plain containers with some tensors exchanged; containers are changed in place."""
    if not new:
        return value
    if isinstance(value, torch.Tensor):
        return new.get(id(value), value)
    if type(value) is tuple:
        return tuple(_replaced(v, new) for v in value)
    if type(value) is proxies.StudentTuple:
        return value.with_items(tuple(_replaced(v, new) for v in value))
    if type(value) is list:
        value[:] = [_replaced(v, new) for v in value]
    elif type(value) is dict:
        for key in value:
            value[key] = _replaced(value[key], new)
    return value


class StudentModule(nn.Module):
    """A module of the student's. Its parameters, buffers and children are fetched when they are first looked
    at.
    """

    def __init__(self, remote: proxies.Remote):
        blank = vars(nn.Module())
        kept = {name: blank.pop(name) for name in ("_parameters", "_buffers", "_modules", "training")}
        own = {"_remote": remote, "_state": kept, "_loaded": False, "_stale": True, "_seen": -1}
        self.__dict__.update(blank, **own, _sent={}, _idents={})

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return call(self._remote.session, self, args, kwargs)

    # The four parts of a module's state: nn.Module's own methods find them here and do all the rest.

    @property
    def _parameters(self) -> Any:
        return self._fetched()["_parameters"]

    @property
    def _buffers(self) -> Any:
        return self._fetched()["_buffers"]

    @property
    def _modules(self) -> Any:
        return self._fetched()["_modules"]

    @property
    def training(self) -> bool:
        return self._fetched()["training"]

    @training.setter
    def training(self, mode: bool) -> None:
        if "_state" in self.__dict__:
            self._fetched()["training"] = bool(mode)
            self.__dict__["_dirty"] = True
        else:
            self.__dict__["training"] = mode

    def __setattr__(self, name: str, value: Any) -> None:
        if "_state" not in self.__dict__ or isinstance(value, nn.Parameter) or name == "training":
            super().__setattr__(name, value)
        elif isinstance(value, nn.Module) and proxies.remote_of(value) is None:
            raise TypeError(
                f"a {type(value).__name__} made by the test cannot become a part of the student's module"
            )
        else:
            self._remote.session.apply("setattr", self, name, value)
            self._remote.session.calls += 1

    def __getattr__(self, name: str) -> Any:
        if "_state" not in self.__dict__ or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(name)
        for part in ("_parameters", "_buffers", "_modules"):
            if name in self._fetched()[part]:
                if part == "_modules":  # it can be called, so it can stand in the place of a method
                    proxies.hand_over(self, "method", None)
                return self._fetched()[part][name]
        self._send()
        return proxies.attribute(self, name)

    def __repr__(self) -> str:
        text = self._remote.session.apply("repr", self)
        return text if type(text) is str else "<the student's module>"

    # -- mirrors ----------------------------------------------------------------------------------------

    def _fetched(self) -> dict[str, Any]:
        state, session = self.__dict__["_state"], self._remote.session
        if not self.__dict__["_stale"] and self.__dict__["_seen"] == session.calls:
            return state
        if not session.kept_by(self._remote.stage):
            return state
        layout = session.request("layout", self)
        try:
            training, parameters, buffers, children = layout
            if not self.__dict__.get("_dirty"):
                state["training"] = training is True
            self._take_parameters(state["_parameters"], parameters)
            self._take_buffers(state["_buffers"], buffers)
            for name, child in children:
                if child is not None and not isinstance(child, nn.Module):
                    raise TypeError("a child that is no module")
                state["_modules"][str(name)] = child
            for name in set(state["_modules"]) - {str(name) for name, _ in children}:
                del state["_modules"][name]
        except (TypeError, ValueError) as error:
            session._fail(Nonsense(f"a module of the wrong form: {error}"))
        self.__dict__.update(_loaded=True, _stale=False, _seen=session.calls)
        return state

    def _take_parameters(self, mine: OrderedDict, found: list) -> None:
        table = self._remote.stage.mirrors
        names = []
        for name, described in found:
            names.append(str(name))
            if described is None:
                mine[str(name)] = None
                continue
            ident, value, requires_grad = described
            if type(ident) is not int or type(value) is not torch.Tensor or type(requires_grad) is not bool:
                raise TypeError("a parameter of the wrong form")
            value = value.detach()
            mirror = table.get(ident)
            if mirror is None:
                can = value.is_floating_point() or value.is_complex()
                mirror = table[ident] = nn.Parameter(value.clone(), requires_grad=requires_grad and can)
                mirror._student_ident = ident
            elif not _same(mirror.data, value):
                mirror.data = value.clone()
            if mirror.requires_grad != requires_grad and mirror.is_floating_point():
                mirror.requires_grad_(requires_grad)
            mine[str(name)] = mirror
            self.__dict__["_idents"][str(name)] = (ident, mirror)
            self.__dict__["_sent"][str(name)] = (mirror.data.clone(), mirror.requires_grad)
        for name in set(mine) - set(names):
            del mine[name]

    def _take_buffers(self, mine: OrderedDict, found: list) -> None:
        unsaved = self.__dict__.setdefault("_non_persistent_buffers_set", set())
        for name, value, persistent in found:
            if value is not None and type(value) is not torch.Tensor:
                raise TypeError("a buffer of the wrong form")
            old = mine.get(str(name))
            if (
                old is not None
                and value is not None
                and old.shape == value.shape
                and old.dtype == value.dtype
            ):
                old.data.copy_(value)
            else:
                mine[str(name)] = value
            (unsaved.discard if persistent else unsaved.add)(str(name))
            self.__dict__["_sent"][f"buffer {name}"] = None if value is None else value.detach().clone()

    def _mirrors(self) -> list[tuple[int, nn.Parameter]]:
        self._fetched()
        return [(ident, mirror) for ident, mirror in self.__dict__["_idents"].values()]

    def _send(self) -> None:
        """Tell the student's side what the test has done to the mirrors since the last exchange."""
        if not self.__dict__["_loaded"]:
            return
        state, sent = self._fetched(), self.__dict__["_sent"]
        parameters, buffers = [], []
        for name, mirror in state["_parameters"].items():
            if mirror is None:
                continue
            ident, known = self.__dict__["_idents"].get(name, (0, None))
            if known is not mirror:
                parameters.append((name, 0, mirror.detach(), mirror.requires_grad))
                continue
            value, requires_grad = sent[name]
            changed = not _same(value, mirror.data)
            if changed or requires_grad != mirror.requires_grad:
                parameters.append((name, ident, mirror.detach() if changed else None, mirror.requires_grad))
                sent[name] = (mirror.data.clone(), mirror.requires_grad)
        for name, value in state["_buffers"].items():
            if value is not None and not _same(sent.get(f"buffer {name}"), value):
                buffers.append((name, value.detach()))
                sent[f"buffer {name}"] = value.detach().clone()
        if parameters or buffers or self.__dict__.pop("_dirty", False):
            self._remote.session.request("update", self, state["training"], parameters, buffers)
            if any(ident == 0 for _, ident, _, _ in parameters):
                self._adopt()

    def _adopt(self) -> None:
        """The test gave this module a new parameter: learn the number that it has now."""
        _, found, _, _ = self._remote.session.request("layout", self)
        for name, described in found:
            mirror = self.__dict__["_state"]["_parameters"].get(name)
            if described is not None and mirror is not None:
                self._remote.stage.mirrors[described[0]] = mirror
                self.__dict__["_idents"][name] = (described[0], mirror)
                self.__dict__["_sent"][name] = (mirror.data.clone(), mirror.requires_grad)


def _same(a: Any, b: Any) -> bool:
    """Bitwise the same values, NaN included."""
    if a is None or b is None or a.shape != b.shape or a.dtype != b.dtype:
        return a is b
    return torch.equal(a, b) or bool(((a == b) | ((a != a) & (b != b))).all())


_types: dict[type, type] = {}


def make_module(remote: proxies.Remote, info: Any) -> StudentModule:
    """The stand-in for a student's module; one of torch's own layers is also an instance of that layer's
    class.
    """
    known = getattr(nn, remote.name, None)
    kind = StudentModule
    from_torch = type(info) is tuple and len(info) == 4 and str(info[2]).startswith("torch.nn.")
    if from_torch and isinstance(known, type) and issubclass(known, nn.Module):
        if known not in _types:
            _types[known] = type(known.__name__, (StudentModule, known), {})
        kind = _types[known]
    module = kind.__new__(kind)
    StudentModule.__init__(module, remote)
    return module


class _ModuleClass(type):
    """Metaclass of the stand-ins for the student's module classes."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls._remote.session.call(cls, args, kwargs)

    __instancecheck__ = proxies.StudentClass.__instancecheck__
    __getattr__ = proxies.StudentClass.__getattr__


def make_class(remote: proxies.Remote) -> type:
    """The stand-in for a student's module class: a subclass of ``nn.Module`` whose call makes an object over
    there.
    """
    return _ModuleClass(remote.name, (nn.Module,), {"_remote": remote})


def describe(obj: Any) -> codec.Handle | None:
    """How a module or optimizer that a test built from torch's own classes travels; None for anything
    else.
    """
    if isinstance(obj, torch.optim.Optimizer) and getattr(torch.optim, type(obj).__name__, None) is type(obj):
        groups = []
        for group in obj.param_groups:
            owners = [_owner(parameter) for parameter in group["params"]]
            groups.append({**{k: v for k, v in group.items() if k != "params"}, "params": owners})
        return codec.Handle(0, "optimizer", type(obj).__name__, groups)
    if not isinstance(obj, nn.Module) or getattr(nn, type(obj).__name__, None) is not type(obj):
        return None
    own = {"_parameters", "_buffers", "_modules", "training"}
    plain = [
        (k, v) for k, v in vars(obj).items() if k not in own and not (k.startswith("_") and "hooks" in k)
    ]
    plain = [(k, v) for k, v in plain if not k.startswith("_is_full") and k != "_non_persistent_buffers_set"]
    parameters = [
        (k, None if p is None else p.detach(), p is not None and p.requires_grad)
        for k, p in obj._parameters.items()
    ]
    buffers = [(k, b, k not in obj._non_persistent_buffers_set) for k, b in obj._buffers.items()]
    return codec.Handle(
        0, "build", type(obj).__name__, (plain, parameters, buffers, list(obj._modules.items()), obj.training)
    )


def _owner(parameter: Any) -> Any:
    """The student's own parameter for one of its mirrors; any other tensor travels as it is."""
    ident = getattr(parameter, "_student_ident", None)
    return codec.Handle(ident, "parameter", "parameter") if ident else parameter.detach()
