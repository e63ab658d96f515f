"""What stands in the judge for objects that stay with the student: functions, classes, instances.

Threat answered: an object of the student's making that takes part in the test's own reasoning. Plain values
are rebuilt as exact built-in types, so they cannot. For the rest, one rule: **no value of the judge is ever
compared by student code**. A proxy may call, index, iterate and calculate over there, and what comes back is
plain data again; but ``proxy == 4`` is decided here (it is False), and ordering against plain data is a
TypeError. Only two objects of the same student are compared by the student's own methods, because testing
those can be the point of an exercise.
"""

from __future__ import annotations

import builtins
import collections.abc
import contextlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .inside.codec import Handle, Malformed

if TYPE_CHECKING:
    from .session import Session, Stage


@dataclass(frozen=True)
class Remote:
    """Where a proxy's object is."""

    session: Session
    stage: Stage
    ident: int
    kind: str
    name: str


class StudentRaised:
    """Mixed into every exception that came over the wall, whatever its type.

    Attributes:
        type_name: the exception's type as the student's side named it.
        lines: where in the student's cells it was raised.
    """

    type_name = ""
    lines: tuple[str, ...] = ()


def remote_of(obj: Any) -> Remote | None:
    """Where the object that ``obj`` stands for is; None if it stands for nothing but itself."""
    try:
        found = object.__getattribute__(obj, "_remote")
    except AttributeError:
        return None
    return found if type(found) is Remote else None


def make(session: Session, stage: Stage, handle: Handle) -> Any:
    """The proxy for a handle that came from the student's side."""
    name = "".join(c for c in handle.name[:80] if c.isidentifier() or c.isalnum()) or "object"
    remote = Remote(session, stage, handle.ident, handle.kind, name)
    if handle.kind == "function":
        return StudentFunction(remote)
    if handle.kind == "class":
        return _make_class(remote, handle.info)
    if handle.kind == "module" and "torch" in sys.modules:
        from . import tensors

        return tensors.make_module(remote, handle.info)
    if handle.kind == "tuple":
        return StudentTuple(remote, *_fields_and_items(handle.info))
    if handle.kind == "int":
        return StudentInt(remote, handle.info)
    special = handle.info if type(handle.info) is tuple else ()
    return _instance_type(tuple(sorted(s for s in special if s in _SPECIAL)))(remote)


class StudentFunction:
    """A function of the student's; calling it runs over there.

    ``method``: it was found as an attribute of another object of the student's.
    """

    def __init__(self, remote: Remote, method: bool = False):
        self._remote, self._method = remote, method
        self.__name__ = self.__qualname__ = remote.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._method:
            hand_over(self, "method", *args, *kwargs.values())
        return self._remote.session.call(self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name == "__signature__":
            return _signature(self)
        if name.startswith("__") and name not in (
            "__defaults__",
            "__kwdefaults__",
            "__annotations__",
            "__wrapped__",
        ):
            raise AttributeError(name)
        return attribute(self, name)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self._remote.session.apply("getattr", self, "__doc__")

    def __repr__(self) -> str:
        return f"<the student's function {self.__name__}>"


class StudentObject:
    """An instance of a class of the student's, or any other object that is not plain data."""

    def __init__(self, remote: Remote):
        object.__setattr__(self, "_remote", remote)

    def __getattr__(self, name: str) -> Any:
        if name in _NOT_FORWARDED:
            raise AttributeError(name)
        return attribute(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._remote.session.apply("setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        self._remote.session.apply("delattr", self, name)

    def __repr__(self) -> str:
        text = self._remote.session.apply("repr", self)
        return text if type(text) is str else f"<the student's {self._remote.name}>"

    def __str__(self) -> str:
        text = self._remote.session.apply("str", self)
        return text if type(text) is str else f"<the student's {self._remote.name}>"

    def __hash__(self) -> int:
        return hash((id(self._remote.stage), self._remote.ident))

    def __eq__(self, other: Any) -> Any:
        if other is self:
            return True
        if remote_of(other) is None:
            return False
        return _truth(self._remote.session.apply("__eq__", self, other))

    def __ne__(self, other: Any) -> Any:
        if remote_of(other) is None:
            return True
        return _truth(self._remote.session.apply("__ne__", self, other))


class StudentTuple(tuple):
    """A tuple of a class of its own: a named one, or one such as ``torch.max`` gives.

    Its items came with it, so that it is compared, unpacked and iterated here, like any plain tuple. Methods
    and names that are no fields are looked up over there.
    """

    def __new__(cls, remote: Remote, fields: tuple[str, ...], items: tuple) -> StudentTuple:
        made = super().__new__(cls, items)
        made._remote, made._names = remote, fields
        for name, item in zip(fields, items, strict=False):
            if not name.startswith("_") and remote_of(item) is None:
                made.__dict__[name] = item
        return made

    def with_items(self, items: tuple) -> StudentTuple:
        """The same tuple with these items in their places."""
        return StudentTuple(self._remote, self._names, items)

    def __getattr__(self, name: str) -> Any:
        if name in _NOT_FORWARDED:
            raise AttributeError(name)
        return attribute(self, name)

    def __repr__(self) -> str:
        names = [f"{name}=" for name in self._names] + [""] * len(self)
        parts = (f"{name}{item!r}" for name, item in zip(names, self, strict=False))
        return f"{self._remote.name}({', '.join(parts)})"


class StudentInt(int):
    """A member of an enumeration of integers: a plain integer in all that is calculated and compared here;
    its names are looked up over there.
    """

    def __new__(cls, remote: Remote, value: Any) -> StudentInt:
        if type(value) is not int:
            raise Malformed("the value of an integer is an integer")
        made = super().__new__(cls, value)
        made._remote = remote
        return made

    def __getattr__(self, name: str) -> Any:
        if name in _NOT_FORWARDED:
            raise AttributeError(name)
        return attribute(self, name)

    __repr__, __str__ = StudentObject.__repr__, StudentObject.__str__


def _fields_and_items(info: Any) -> tuple[tuple[str, ...], tuple]:
    fits = type(info) is tuple and len(info) == 2 and type(info[0]) is type(info[1]) is tuple
    if not fits or not all(type(name) is str for name in info[0]):
        raise Malformed("a tuple is (names, items)")
    return info


# Looked up by libraries on anything that they meet; answering would let the student's side steer those
# libraries.
_NOT_FORWARDED = {
    "__array_interface__", "__array_struct__", "__array_function__", "__array_ufunc__",
    "__array_priority__", "__array_wrap__", "__torch_function__", "__cuda_array_interface__",
    "__dlpack__", "__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__copy__",
    "__deepcopy__", "_ipython_display_", "_repr_html_", "_repr_mimebundle_", "__fspath__", "__index__",
    "__class_getitem__", "_is_coroutine", "__await__", "__wrapped__",
}  # fmt: skip


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise TypeError("the comparison of the student's objects did not give True or False")
    return value


def attribute(proxy: Any, name: str) -> Any:
    """An attribute of an object of the student's."""
    value = proxy._remote.session.apply("getattr", proxy, name)
    if type(value) is StudentFunction:
        return StudentFunction(value._remote, method=True)
    if remote_of(value) is not None and callable(value):  # in the place of a method
        hand_over(proxy, "method", None)
    return value


WAYS = ("method", "operator", "membership")


def hand_over(proxy: Any, way: str, *values: Any) -> None:
    """Called before values go to what an object of the student's brings along: one of ``WAYS``.

    A plain answer has its own methods and operators in the judge. An object in its place would be handed what
    it is compared with, and say what the difference is. So each way is refused in a test in which the
    instructor's own solution does without it.
    """
    if all(remote_of(value) is not None for value in values):
        return
    session, name = proxy._remote.session, proxy._remote.name
    if way not in session.may_hand_over:
        raise TypeError(f"the answer is a {name}; it should be a number, an array or other plain data")
    session.handed_over.add(way)


def _forward(name: str) -> Callable:
    def method(self: Any, *args: Any) -> Any:
        hand_over(self, "operator", *args)
        return self._remote.session.apply(name, self, *args)

    method.__name__ = name
    return method


def _reflected(name: str) -> Callable:
    def method(self: Any, other: Any) -> Any:
        hand_over(self, "operator", other)
        return self._remote.session.apply(name, other, self)

    return method


def _ordering(name: str) -> Callable:
    def method(self: Any, other: Any) -> Any:
        if remote_of(other) is None:
            raise TypeError(
                f"the answer is a {self._remote.name}, which is compared with a {type(other).__name__}; "
                "it should be a number, an array or other plain data"
            )
        return _truth(self._remote.session.apply(name, self, other))

    return method


for _name in (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
):
    setattr(StudentObject, f"__{_name}__", _forward(f"__{_name}__"))
    setattr(StudentObject, f"__r{_name}__", _reflected(f"__{_name}__"))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(StudentObject, f"__{_name}__", _forward(f"__{_name}__"))
for _name in ("lt", "le", "gt", "ge"):
    setattr(StudentObject, f"__{_name}__", _ordering(f"__{_name}__"))


def _call(self: Any, *args: Any, **kwargs: Any) -> Any:
    return self._remote.session.call(self, args, kwargs)


def _length(self: Any) -> int:
    return self._remote.session.apply("len", self)


def _getitem(self: Any, key: Any) -> Any:
    return self._remote.session.apply("__getitem__", self, key)


def _setitem(self: Any, key: Any, value: Any) -> None:
    self._remote.session.apply("__setitem__", self, key, value)


def _delitem(self: Any, key: Any) -> None:
    self._remote.session.apply("__delitem__", self, key)


def _contains(self: Any, value: Any) -> bool:
    if "membership" not in self._remote.session.may_hand_over and isinstance(self, collections.abc.Iterable):
        return any(item is value or item == value for item in self)
    hand_over(self, "membership", value)
    return _truth(self._remote.session.apply("__contains__", self, value))


def _reversed(self: Any) -> Any:
    iterator = self._remote.session.apply("reversed", self)
    return iterator if isinstance(iterator, collections.abc.Iterator) else iter(iterator)


def _plain(name: str, kind: type) -> Callable:
    def method(self: Any, *args: Any) -> Any:
        value = self._remote.session.apply(name, self, *args)
        if type(value) is not kind:
            raise TypeError(f"{name}() of the student's {self._remote.name} gives no {kind.__name__}")
        return value

    return method


StudentObject.__int__ = _plain("int", int)
StudentObject.__float__ = _plain("float", float)


def _array(self: Any, dtype: Any = None, copy: Any = None) -> Any:
    import numpy as np

    value = self._remote.session.call(self._remote.session.apply("getattr", self, "__array__"), (), {})
    if type(value) is not np.ndarray:
        raise TypeError(f"the answer is a {self._remote.name} that is not an array")
    return value if dtype is None else value.astype(dtype)


def _enter(self: Any) -> Any:
    return self._remote.session.apply("enter", self)


def _exit(self: Any, *error: Any) -> None:
    self._remote.session.apply("exit", self)


def _iterate(self: Any) -> Any:
    iterator = self._remote.session.apply("iter", self)
    return iterator if isinstance(iterator, collections.abc.Iterator) else iter(iterator)


def _next(self: Any) -> Any:
    return self._remote.session.apply("next", self)


_SPECIAL: dict[str, dict[str, Callable]] = {
    "__call__": {"__call__": _call},
    "__iter__": {"__iter__": _iterate},
    "__next__": {"__next__": _next},
    "__len__": {"__len__": _length},
    "__getitem__": {"__getitem__": _getitem, "__setitem__": _setitem},
    "__delitem__": {"__delitem__": _delitem},
    "__contains__": {"__contains__": _contains},
    "__reversed__": {"__reversed__": _reversed},
    "__hash__": {"__hash__": _plain("hash", int)},
    "__bool__": {"__bool__": _plain("bool", bool)},
    "__round__": {"__round__": _forward("round")},
    "__format__": {"__format__": _plain("format", str)},
    "__enter__": {"__enter__": _enter, "__exit__": _exit},
    "__array__": {"__array__": _array},
}
_instance_types: dict[tuple[str, ...], type] = {}


def _instance_type(special: tuple[str, ...]) -> type:
    """StudentObject with exactly these protocols, so that ``callable`` or ``iter`` say no where they
    should.
    """
    if special not in _instance_types:
        methods = {name: method for key in special for name, method in _SPECIAL[key].items()}
        _instance_types[special] = type("StudentObject", (StudentObject,), methods)
    return _instance_types[special]


class StudentClass(type):
    """Metaclass of the classes that stand for the student's classes."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls._remote.session.call(cls, args, kwargs)

    def __instancecheck__(cls, obj: Any) -> bool:
        return remote_of(obj) is not None and _truth(cls._remote.session.apply("isinstance", obj, cls))

    def __subclasscheck__(cls, other: Any) -> bool:
        if other is cls:
            return True
        return remote_of(other) is not None and _truth(cls._remote.session.apply("issubclass", other, cls))

    def __getattr__(cls, name: str) -> Any:
        if name == "__signature__":
            return _signature(cls)
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return attribute(cls, name)


def _make_class(remote: Remote, info: Any) -> type:
    """A class in the judge for a class of the student; exceptions stay exceptions, so ``except`` and
    raises() work.
    """
    bases: tuple[type, ...] = ()
    if type(info) is tuple and len(info) == 4:
        if type(info[1]) is tuple and info[1]:
            known = [_known_error(base) if type(base) is str else base for base in info[1]]
            return _error_class(remote.name, known, {"_remote": remote})
        if info[3] is True and "torch" in sys.modules:
            from . import tensors

            return tensors.make_class(remote)
    return StudentClass(remote.name, bases, {"_remote": remote})


def _signature(obj: Any) -> inspect.Signature:
    described = remote_of(obj).session.apply("signature", obj)
    kinds = {kind.name: kind for kind in inspect._ParameterKind}
    parameters = [
        inspect.Parameter(str(name), kinds[kind], default=None if has_default else inspect.Parameter.empty)
        for name, kind, has_default in described
    ]
    return inspect.Signature(parameters)


_error_types: dict[tuple[type | None, ...], type] = {}


def student_error(description: tuple, own_class: Any, may_end: bool = False) -> BaseException:
    """The judge's exception for one that student code raised: the same built-in type where there is one.

    Unless it ``may_end`` an iteration, StopIteration becomes a RuntimeError (as in a generator): a function
    that raises it would end the test's loop over results as if all of them had been right.
    """
    type_name, bases, message, lines = description
    kind = own_class if isinstance(own_class, type) and issubclass(own_class, StudentRaised) else None
    if kind is None:
        kind = _mixed(*(_known_error(name) for name in [type_name, *bases]))
    if not may_end and issubclass(kind, StopIteration | StopAsyncIteration):
        kind = _mixed(RuntimeError)
    error = kind.__new__(kind, message)
    error.args = (message,)
    error.type_name, error.lines = type_name, tuple(lines)
    return error


def _mixed(*kinds: type | None) -> type:
    if kinds not in _error_types:
        _error_types[kinds] = _error_class("", kinds, {})
    return _error_types[kinds]


def _error_class(name: str, bases: Any, attributes: dict) -> type:
    """An exception that is a case of all these, as far as they are exceptions and go together; of
    RuntimeError if none is.
    """
    fit = [b for b in dict.fromkeys(bases) if isinstance(b, type) and issubclass(b, Exception)]
    kept = [b for b in fit if not any(issubclass(other, b) for other in fit if other is not b)]
    kept = kept or [RuntimeError]
    name = name or kept[0].__name__
    for some in (kept, kept[:1], [Exception]):
        own = () if any(issubclass(base, StudentRaised) for base in some) else (StudentRaised,)
        with contextlib.suppress(TypeError):  # no order of theirs, no layout of theirs
            return type(name, (*own, *some), attributes)
    raise AssertionError("an Exception can always be derived from")


def _known_error(name: str) -> type | None:
    found = getattr(builtins, name, None)
    if found is None and name == "LinAlgError" and "numpy" in sys.modules:
        found = sys.modules["numpy"].linalg.LinAlgError
    known = isinstance(found, type) and issubclass(found, Exception)
    return found if known and not issubclass(found, BaseExceptionGroup) else None


def overwrite(target: Any, kind: Any, new: Any) -> Callable[[], None] | None:
    """Give one of the judge's mutable objects new contents, if they are of its kind; returns how to undo
    it.
    """
    if kind == "array" and type(target).__name__ == "ndarray" and type(new) is type(target):
        if new.size == target.size and new.dtype == target.dtype and target.flags.writeable:
            old = target.copy()

            def put(values: Any) -> None:
                target.shape = values.shape
                target[...] = values

            put(new)
            return lambda: put(old)
    elif kind == "tensor" and "torch" in sys.modules:
        torch = sys.modules["torch"]
        if isinstance(target, torch.Tensor) and type(new) is torch.Tensor and new.shape == target.shape:
            old = target.detach().clone()
            target.detach().copy_(new)
            return lambda: target.detach().copy_(old)
    elif type(new) is tuple and kind == ("dict" if isinstance(target, dict) else type(target).__name__):
        if isinstance(target, list):
            old_items = list(target)
            target[:] = new
            return lambda: target.__setitem__(slice(None), old_items)
        if isinstance(target, set | bytearray):
            old_members = type(target)(target)
            target.clear()
            (target.update if isinstance(target, set) else target.extend)(new)
            return lambda: (
                target.clear(),
                (target.update if isinstance(target, set) else target.extend)(old_members),
            )
        if isinstance(target, dict) and all(type(p) is tuple and len(p) == 2 for p in new):
            old_table = dict(target)

            def fill(table: dict) -> None:
                target.clear()
                for key, value in table.items():  # a Counter's update would add
                    target[key] = value

            fill(dict(new))
            return lambda: fill(old_table)
    return None


def take_grad(target: Any, grad: Any) -> None:
    """A student function may leave another gradient on a tensor that it was given, or none."""
    torch = sys.modules.get("torch")
    if (
        torch is None
        or not isinstance(target, torch.Tensor)
        or not target.is_leaf
        or not target.requires_grad
    ):
        return
    if grad is None:
        target.grad = None
    elif type(grad) is torch.Tensor and grad.shape == target.shape and grad.dtype == target.dtype:
        target.grad = grad.detach().clone()
