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
    enabled = torch.is_grad_enabled()
    send_changes(session, grads=not isinstance(target, StudentModule))
    found, sent, _ = session.exchange("call_torch", target, args, kwargs, enabled)
    fits = type(found) is tuple and [type(part) for part in found[1:]] == [int, list, list]
    if not fits or not all(type(t) is torch.Tensor for t in found[2]):
        session._fail(Nonsense("an answer of the wrong form"))
    result, number, outputs, parameters = found
    if isinstance(target, StudentModule):
        target._note_call()
    else:
        session.calls += 1  # any module may have been changed
    inputs = [t for t in _tensors_in((args, kwargs)) if t.requires_grad]
    known = {id(t) for t in sent}
    outputs = [t for t in outputs if t.requires_grad and id(t) not in known]
    try:
        inputs += [_mirror(session, described) for described in parameters]
    except (TypeError, ValueError) as error:
        session._fail(Nonsense(f"a parameter of the wrong form: {error}"))
    if not number or not enabled or not inputs:
        return _replaced(result, {id(t): t.detach() for t in outputs})
    joined = _Across.apply(session, session.top, number, outputs, *inputs)
    return _replaced(result, {id(old): new for old, new in zip(outputs, joined, strict=True)})


def send_changes(session: Session, grads: bool) -> None:
    """Bring the student's modules up to date, all that the test may have changed: a function may use any.
    Gradients only if asked for: a module's own calls do not look at them.
    """
    news = [
        ("", ident, *found)
        for stage in session.stages
        for ident, mirror in stage.mirrors.items()
        if (found := _news(mirror, grads))
    ]
    if news:
        session.request("update", None, None, news, [])
    for stage in session.stages:
        for module in stage.modules:
            module._send(mirrors=False)


def _tensors_in(value: Any) -> list[torch.Tensor]:
    """The tensors in plain containers, each once, in order; the twin of ``inside.graphs.tensors_in``."""
    from .inside.graphs import tensors_in

    return tensors_in(value)


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
    elif isinstance(value, dict):
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
        own = {"_remote": remote, "_state": kept, "_loaded": False, "_stale": True, "_lazy": False}
        self.__dict__.update(blank, **own, _seen=-1, _synced=None, _own_train=False, _sent={}, _idents={})

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
        if "_state" not in self.__dict__ or name == "training":
            super().__setattr__(name, value)
        elif isinstance(value, nn.Parameter):
            self._parameters[name] = value  # sent before the next call
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

    def train(self, mode: bool = True) -> StudentModule:
        self._fetched()
        if not self.__dict__["_own_train"]:
            return super().train(mode)
        session = self._remote.session
        session.call(session.apply("getattr", self, "train"), (mode,), {})
        return self

    def __deepcopy__(self, memo: dict) -> Any:
        session = self._remote.session
        send_changes(session, grads=False)
        deepcopy = codec.Handle(0, "library", "copy", "deepcopy")
        memo[id(self)] = made = session.request("call", deepcopy, (self,), {})
        return made

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
        self._forget_the_undone()
        self._send()  # or what the test has done since would be lost
        layout = session.request("layout", self)
        try:
            training, parameters, buffers, children, lazy, own_train = layout
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
        if not any(module is self for module in self._remote.stage.modules):
            self._remote.stage.modules.append(self)
        self.__dict__.update(_loaded=True, _stale=False, _seen=session.calls, _lazy=lazy is True)
        self.__dict__.update(_synced=session.top, _own_train=own_train is True)
        return state

    def _forget_the_undone(self) -> None:
        """What was exchanged with a stage that has been dropped since has never happened over there."""
        if self.__dict__["_loaded"] and not self._remote.session.kept_by(self.__dict__["_synced"]):
            self.__dict__.update(_loaded=False, _stale=True, _sent={}, _idents={})
            self.__dict__["_state"]["_parameters"].clear()

    def _note_call(self) -> None:
        """The module has run: batch statistics have moved, and sizes that were open are known."""
        todo: list[Any] = [self]
        while todo:
            part = todo.pop()
            if isinstance(part, StudentModule) and part.__dict__["_loaded"]:
                state = part.__dict__["_state"]
                part.__dict__["_stale"] |= state["training"] or part.__dict__["_lazy"]
                todo += state["_modules"].values()

    def _take_parameters(self, mine: OrderedDict, found: list) -> None:
        names = []
        for name, described in found:
            names.append(str(name))
            mine[str(name)] = None if described is None else _mirror(self._remote.session, described)
            self.__dict__["_idents"][str(name)] = None if described is None else described[0]
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
            self.__dict__["_sent"][str(name)] = None if value is None else value.detach().clone()

    def _send(self, mirrors: bool = True) -> None:
        """Tell the student's side what the test has done to this module since the last exchange; unless
        ``mirrors``, that of its parameters is known there.
        """
        self._forget_the_undone()
        if not self.__dict__["_loaded"] or not self._remote.session.kept_by(self._remote.stage):
            return
        state, sent, idents = (self.__dict__[name] for name in ("_state", "_sent", "_idents"))
        parameters, buffers = [], []
        for name, mirror in state["_parameters"].items():
            if mirror is None:
                continue
            ident = getattr(mirror, "_student_ident", 0)
            if not ident:
                parameters.append((name, 0, mirror.detach(), mirror.requires_grad, mirror.grad))
                continue
            news = _news(mirror, grads=True) if mirrors else None
            if news or idents.get(name) != ident:
                parameters.append((name, ident, *(news or (None, mirror.requires_grad, False))))
                idents[name] = ident
        for name, value in state["_buffers"].items():
            if value is not None and not _same(sent.get(name), value):
                buffers.append((name, value.detach()))
                sent[name] = value.detach().clone()
        training = state["training"] if self.__dict__.pop("_dirty", False) else None
        if parameters or buffers or training is not None:
            self.__dict__["_synced"] = self._remote.session.top
            self._remote.session.request("update", self, training, parameters, buffers)
            if any(ident == 0 for _, ident, *_ in parameters):
                self._adopt()

    def _adopt(self) -> None:
        """The test gave this module a new parameter: learn the number that it has now."""
        session = self._remote.session
        try:
            for name, described in session.request("layout", self)[1]:
                mirror = self.__dict__["_state"]["_parameters"].get(name)
                if described is not None and mirror is not None:
                    _mirror(session, described, mirror)
                    self.__dict__["_idents"][name] = described[0]
        except (TypeError, ValueError) as error:
            session._fail(Nonsense(f"a module of the wrong form: {error}"))


def _mirror(session: Session, described: Any, made: nn.Parameter | None = None) -> nn.Parameter:
    """The judge's copy of a parameter of the student's, brought to what its side says it is now.

    Args:
        described: (number, value, whether it requires a gradient, gradient), see ``Graphs.described``.
        made: what a test has put in this parameter's place, to be its copy from now on.
    """
    ident, value, requires_grad, grad = described
    if type(ident) is not int or ident < 1 or type(requires_grad) is not bool:
        raise TypeError("a parameter is (number, value, whether it requires a gradient, gradient)")
    mirror = next((s.mirrors[ident] for s in session.stages if ident in s.mirrors), None)
    if value is None and mirror is not None:
        return mirror
    if type(value) is not torch.Tensor or not (grad is None or type(grad) is torch.Tensor):
        raise TypeError("a value that is no tensor")
    value = value.detach()
    if grad is not None and (grad.shape != value.shape or grad.dtype != value.dtype):
        raise TypeError("a gradient that does not fit its parameter")
    can = value.is_floating_point() or value.is_complex()
    if mirror is None or made is not None:
        mirror = nn.Parameter(value.clone(), requires_grad=requires_grad and can) if made is None else made
        session.top.mirrors[ident] = mirror
        mirror._student_ident, known = ident, None
    else:
        known = mirror._student_has[2]
    if not _same(mirror.data, value):
        mirror.data = value.clone()
    if mirror.requires_grad != requires_grad and can:
        mirror.requires_grad_(requires_grad)
    if not _same(known, grad):
        mirror.grad = None if grad is None else grad.detach().clone()
    mirror._student_has = (value.clone(), requires_grad, None if grad is None else grad.detach().clone())
    return mirror


def _news(mirror: nn.Parameter, grads: bool) -> tuple | None:
    """What the test has done to a mirror: (value or None, whether it requires a gradient, gradient or False);
    None for nothing.
    """
    value, requires_grad, grad = mirror._student_has
    moved = not _same(value, mirror.data)
    graded = grads and not _same(grad, mirror.grad)
    if not moved and not graded and requires_grad == mirror.requires_grad:
        return None
    value = mirror.data.clone() if moved else value
    if graded:
        grad = None if mirror.grad is None else mirror.grad.detach().clone()
    mirror._student_has = (value, mirror.requires_grad, grad)
    return (value if moved else None, mirror.requires_grad, grad if graded else False)


def _same(a: Any, b: Any) -> bool:
    """Bitwise the same values, NaN included."""
    if a is None or b is None or a.shape != b.shape or a.dtype != b.dtype:
        return a is b
    return torch.equal(a, b) or bool(((a == b) | ((a != a) & (b != b))).all())


def _item(self: StudentModule, key: Any) -> Any:
    """One part of a container is known here; a container of some of them is made over there."""
    if isinstance(key, slice):
        return self._remote.session.apply("__getitem__", self, key)
    return super(StudentModule, self).__getitem__(key)


_types: dict[type, type] = {}


def make_module(remote: proxies.Remote, info: Any) -> StudentModule:
    """The stand-in for a student's module; what is or derives from one of torch's own layers, whose name is
    ``info``, is also an instance of that layer's class.
    """
    known = getattr(nn, info, None) if type(info) is str else None
    kind = StudentModule
    if isinstance(known, type) and issubclass(known, nn.Module):
        if known not in _types:
            methods = {"__getitem__": _item} if hasattr(known, "__getitem__") else {}
            _types[known] = type(known.__name__, (StudentModule, known), methods)
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
