"""Plain data to bytes and back: the only language spoken across the wall.

Threat answered: whoever can choose what the judge deserialises can make it run code or hold lying objects
(numbers that equal everything, arrays that compare true). So there is no pickle and no lookup of a class by
name: a closed list of tags, each decoded into an exact type of Python or its standard library, an exact
``numpy.ndarray`` or an exact ``torch.Tensor``, with caps on depth and size. Whatever is not plain data
becomes a *handle*: a number that means something only to its owner.

Identity: lists, dicts, sets, bytearrays, arrays and tensors are numbered in the order in which they are met
    (the
``memo``). A second meeting is sent as a reference, so shared and cyclic structures survive, and a function
that returns its own argument gives back the very same object.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import pathlib
import re
import struct
import sys
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 60
MAX_INT_BYTES = 1 << 16
MAX_RANGE = 1 << 24  # elements; a loop over a longer one inside the interpreter cannot be interrupted

_U32, _F64, _U64 = struct.Struct(">I"), struct.Struct(">d"), struct.Struct(">Q")
_ARRAY_DTYPE = re.compile(
    r"[<>|=]?(b1|i[1248]|u[1248]|f(2|4|8|16)|c(8|16|32)|[US][1-9]\d{0,6}|[mM]8(\[[a-zA-Z]{1,2}\])?)\Z"
)
_TENSOR_DTYPES = (
    "float16", "bfloat16", "float32", "float64", "complex64", "complex128",
    "uint8", "int8", "int16", "int32", "int64", "bool",
)  # fmt: skip
# Classes that may be named across the wall, each by one short name.
_TYPES = {
    t.__name__: t for t in (bool, int, float, complex, str, bytes, tuple, list, dict, set, type(None), object)
}
_TYPE_NAMES = {t: name for name, t in _TYPES.items()}
_DICT_LIKE = (dict, collections.OrderedDict, collections.defaultdict, collections.Counter)
MAX_DIGITS = 1000  # of a decimal number, and about as many of a fraction's parts
_DECIMAL = re.compile(rf"-?(Infinity|NaN|(?=.{{1,{MAX_DIGITS}}}\Z)\d+(\.\d+)?(E[+-]?\d{{1,3}})?)\Z", re.ASCII)


def _fraction(numerator: Any, denominator: Any) -> fractions.Fraction:
    if max(numerator.bit_length(), denominator.bit_length()) > 4 * MAX_DIGITS:
        raise Malformed("a fraction of large numbers")
    return fractions.Fraction(numerator, denominator)


def _decimal(text: str) -> decimal.Decimal:
    if not _DECIMAL.match(text):
        raise Malformed("no decimal number, or one of too many digits")
    return decimal.Decimal(text)


# Immutable values of the standard library: (class, its parts, their types, how to make it of them).
_STANDARD: dict[str, tuple[type, Callable, tuple[type, ...], Callable]] = {
    "Fraction": (fractions.Fraction, lambda v: (v.numerator, v.denominator), (int, int), _fraction),
    "Decimal": (decimal.Decimal, lambda v: (str(v),), (str,), _decimal),
    "date": (datetime.date, lambda v: (v.year, v.month, v.day), (int,) * 3, datetime.date),
    "datetime": (
        datetime.datetime,
        lambda v: (*v.timetuple()[:6], v.microsecond),
        (int,) * 7,
        datetime.datetime,
    ),
    "timedelta": (
        datetime.timedelta,
        lambda v: (v.days, v.seconds, v.microseconds),
        (int,) * 3,
        datetime.timedelta,
    ),
    "PurePosixPath": (pathlib.PurePosixPath, lambda v: (str(v),), (str,), pathlib.PurePosixPath),
}
_STANDARD_NAMES = {row[0]: name for name, row in _STANDARD.items()}


def _standard_parts(value: Any) -> tuple | None:
    """What a value of the standard library is made of; None if it is not exactly that, such as a time in a
    time zone.
    """
    _, parts, _, made = _STANDARD[_STANDARD_NAMES[type(value)]]
    try:
        found = parts(value)
        again = made(*found)
    except Malformed:
        return None
    return found if repr(again) == repr(value) else None


class CannotCross(TypeError):
    """A value that has no plain form, where no handle can stand for it."""


class Malformed(ValueError):
    """Bytes that are not a value of the protocol."""


class Handle:
    """What travels for an object that stays behind.

    Attributes:
        ident: the owner's number for the object.
        kind: ``function``, ``class``, ``module``, ``tuple`` (of a class of its own, such as a named one),
            ``int`` (a member of an enumeration), ``object`` (all owned by the student's side) or
            ``callback`` (owned by the judge).
        name: the object's type or function name, for people to read.
        info: further plain data about it.
    """

    __slots__ = ("ident", "info", "kind", "name")

    def __init__(self, ident: int, kind: str, name: str, info: Any = None):
        self.ident, self.kind, self.name, self.info = ident, kind, name, info


def encode(value: Any, memo: list | None = None, opaque: Callable[[Any], Handle] | None = None) -> bytes:
    """``value`` as bytes.

    Args:
        memo: objects already known to both sides; objects met here are appended.
        opaque: gives the handle that stands for an object that is not plain data.

    Raises:
        CannotCross: something is not plain data and ``opaque`` is not given or refuses, or it nests too
            deeply.
    """
    writer = _Writer([] if memo is None else memo, opaque)
    writer.write(value, 0)
    return bytes(writer.out)


def decode(data: bytes, memo: list | None = None, resolve: Callable[[Handle], Any] | None = None) -> Any:
    """The value that ``data`` describes.

    Args:
        memo: objects already known to both sides; objects met here are appended.
        resolve: turns a handle into what stands for it on this side.

    Raises:
        Malformed: the bytes are not exactly one value.
    """
    reader = _Reader(data, [] if memo is None else memo, resolve)
    try:
        value = reader.read(0)
    except (Malformed, MemoryError):
        raise
    except Exception as error:  # of the libraries that make arrays, of objects used as keys, ...
        raise Malformed(f"{type(error).__name__}: {error}") from None
    if reader.at != len(data):
        raise Malformed(f"{len(data) - reader.at} bytes after the value")
    return value


def _is_factory(value: Any) -> bool:
    """May it make the missing values of a defaultdict on the other side?"""
    return value is None or (type(value) is type and value in _TYPE_NAMES)


class _Writer:
    def __init__(self, memo: list, opaque: Callable[[Any], Handle] | None):
        self.out = bytearray()
        self.memo = memo
        self.seen = {id(obj): number for number, obj in enumerate(memo)}
        self.opaque = opaque

    def write(self, value: Any, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise CannotCross(f"nested more than {MAX_DEPTH} levels deep")
        out, kind = self.out, type(value)
        if value is None:
            out += b"N"
        elif kind is bool:
            out += b"T" if value else b"F"
        elif kind is float:
            out += b"f" + _F64.pack(value)
        elif kind is int:
            raw = value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
            if len(raw) > MAX_INT_BYTES:
                raise CannotCross(f"an integer of {len(raw)} bytes")
            self._blob(b"i", raw)
        elif kind is str:
            self._blob(b"s", value.encode("utf-8", "surrogatepass"))
        elif kind is bytes:
            self._blob(b"b", value)
        elif kind is tuple:
            self._items(b"t", value, depth)
        elif kind is list:
            if not self._known(value):
                self._items(b"l", value, depth)
        elif kind in _DICT_LIKE:
            if not self._known(value):
                pairs = list(dict.items(value))
                if kind is collections.Counter:
                    out += b"k"
                elif kind is collections.defaultdict and _is_factory(value.default_factory):
                    out += b"m"
                    self.write(value.default_factory, depth + 1)
                else:
                    out += b"d"
                out += _U32.pack(len(pairs))
                for key, item in pairs:
                    self.write(key, depth + 1)
                    self.write(item, depth + 1)
        elif kind is set:
            if not self._known(value):
                self._items(b"S", list(value), depth)
        elif kind is frozenset:
            self._items(b"Z", list(value), depth)
        elif kind is complex:
            out += b"c" + _F64.pack(value.real) + _F64.pack(value.imag)
        elif kind is bytearray:
            if not self._known(value):
                self._blob(b"y", bytes(value))
        elif kind is slice:
            self._items(b"L", (value.start, value.stop, value.step), depth)
        elif kind is range and value[MAX_RANGE:] == range(0):  # a longer one stays behind
            self._items(b"r", (value.start, value.stop, value.step), depth)
        elif value is Ellipsis:
            out += b"e"
        elif kind is Handle:
            out += b"h"
            self.write((value.ident, value.kind, value.name, value.info), depth + 1)
        elif kind is type and value in _TYPE_NAMES:
            self._blob(b"B", _TYPE_NAMES[value].encode())
        elif kind in _STANDARD_NAMES and (parts := _standard_parts(value)) is not None:
            self._blob(b"o", _STANDARD_NAMES[kind].encode())
            self._items(b"t", parts, depth)
        elif not (self._numpy(value, kind, depth) or self._torch(value, kind, depth)):
            if self.opaque is None:
                raise CannotCross(f"a {kind.__name__} is not plain data")
            out += b"h"
            handle = self.opaque(value)
            self.write((handle.ident, handle.kind, handle.name, handle.info), depth + 1)

    def _known(self, value: Any) -> bool:
        number = self.seen.get(id(value))
        if number is not None:
            self.out += b"R" + _U32.pack(number)
            return True
        self.seen[id(value)] = len(self.memo)
        self.memo.append(value)
        return False

    def _blob(self, tag: bytes, raw: bytes) -> None:
        self.out += tag
        self.out += _U64.pack(len(raw))
        self.out += raw

    def _items(self, tag: bytes, items: Any, depth: int) -> None:
        self.out += tag + _U32.pack(len(items))
        for item in items:
            self.write(item, depth + 1)

    def _numpy(self, value: Any, kind: type, depth: int) -> bool:
        np = sys.modules.get("numpy")
        if np is None:
            return False
        if isinstance(value, np.ndarray):
            array = np.asarray(value)  # a subclass travels as what it holds
            if array.dtype.hasobject or not _ARRAY_DTYPE.match(array.dtype.str):
                return False
            if not self._known(value):
                self.out += b"a" if value.flags.writeable else b"A"
                self._array(array)
            return True
        if isinstance(value, np.generic):
            if not _ARRAY_DTYPE.match(value.dtype.str):
                return False
            if value.dtype.kind in "US":
                self.write(value.item(), depth)
            else:
                self.out += b"g"
                self._array(np.asarray(value))
            return True
        if isinstance(value, np.dtype) and _ARRAY_DTYPE.match(value.str):
            self._blob(b"D", value.str.encode())
            return True
        if (
            isinstance(value, type)
            and issubclass(value, np.generic)
            and getattr(np, value.__name__, None) is value
        ):
            self._blob(b"G", value.__name__.encode())
            return True
        return False

    def _array(self, array: Any) -> None:
        self._blob(b"", array.dtype.str.encode())
        self.out += _U32.pack(array.ndim)
        for size in array.shape:
            self.out += _U64.pack(size)
        self._blob(b"", array.tobytes())

    def _torch(self, value: Any, kind: type, depth: int) -> bool:
        torch = sys.modules.get("torch")
        if torch is None or not hasattr(torch, "Tensor"):
            return False
        if isinstance(value, torch.Tensor):
            name = str(value.dtype).removeprefix("torch.")
            if name not in _TENSOR_DTYPES or value.layout is not torch.strided or value.is_meta:
                return False
            if self._known(value):
                return True
            graph = _graph_of(value)
            self._blob(b"x", name.encode())
            self.out += graph
            self.out += _U32.pack(value.dim())
            for size in value.shape:
                self.out += _U64.pack(size)
            self._blob(b"", _bytes_of(value))
            if graph == b"L":
                self._blob(b"", _bytes_of(value.grad))
            return True
        if kind is torch.Size:
            self._items(b"t", tuple(value), depth)
            return True
        if kind is torch.dtype and (name := str(value).removeprefix("torch.")) in _TENSOR_DTYPES:
            self._blob(b"p", name.encode())
            return True
        if kind is torch.device:
            self._blob(b"v", str(value).encode())
            return True
        return False


class _Reader:
    def __init__(self, data: bytes, memo: list, resolve: Callable[[Handle], Any] | None):
        self.data, self.at = data, 0
        self.memo = memo
        self.resolve = resolve

    def read(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise Malformed(f"nested more than {MAX_DEPTH} levels deep")
        tag = self._take(1)
        if tag == b"N":
            return None
        if tag == b"T":
            return True
        if tag == b"F":
            return False
        if tag == b"f":
            return _F64.unpack(self._take(8))[0]
        if tag == b"i":
            raw = self._blob()
            if len(raw) > MAX_INT_BYTES:
                raise Malformed(f"an integer of {len(raw)} bytes")
            return int.from_bytes(raw, "big", signed=True)
        if tag == b"s":
            return self._blob().decode("utf-8", "surrogatepass")
        if tag == b"b":
            return self._blob()
        if tag == b"t":
            return tuple([self.read(depth + 1) for _ in range(self._count())])
        if tag == b"l":
            items: list = []
            self.memo.append(items)
            items.extend(self.read(depth + 1) for _ in range(self._count()))
            return items
        if tag in (b"d", b"k", b"m"):
            table: dict = {}
            if tag == b"k":
                table = collections.Counter()
            elif tag == b"m":
                factory = self.read(depth + 1)
                if not _is_factory(factory):
                    raise Malformed("no class that may be named makes the missing values")
                table = collections.defaultdict(factory)
            self.memo.append(table)
            for _ in range(self._count()):
                key = self.read(depth + 1)
                table[key] = self.read(depth + 1)
            return table
        if tag == b"S":
            members: set = set()
            self.memo.append(members)
            members.update(self.read(depth + 1) for _ in range(self._count()))
            return members
        if tag == b"Z":
            return frozenset([self.read(depth + 1) for _ in range(self._count())])
        if tag == b"c":
            return complex(_F64.unpack(self._take(8))[0], _F64.unpack(self._take(8))[0])
        if tag == b"y":
            raw = bytearray(self._blob())
            self.memo.append(raw)
            return raw
        if tag in (b"L", b"r"):
            parts = [self.read(depth + 1) for _ in range(self._count())]
            if tag == b"L":
                return slice(*parts)
            if len(range(*parts)) > MAX_RANGE:
                raise Malformed(f"a range of more than {MAX_RANGE} elements")
            return range(*parts)
        if tag == b"e":
            return Ellipsis
        if tag == b"R":
            (number,) = _U32.unpack(self._take(4))
            if number >= len(self.memo):
                raise Malformed(f"reference {number} to an object never sent")
            return self.memo[number]
        if tag == b"B":
            return _TYPES[self._name(_TYPES)]
        if tag == b"o":
            _, _, types, made = _STANDARD[self._name(_STANDARD)]
            parts = self.read(depth + 1)
            if type(parts) is not tuple or tuple(map(type, parts)) != types:
                raise Malformed("a value of the standard library that is made of something else")
            return made(*parts)
        if tag == b"h":
            fields = self.read(depth + 1)
            if (
                type(fields) is not tuple
                or [type(f) for f in fields[:3]] != [int, str, str]
                or len(fields) != 4
            ):
                raise Malformed("a handle is (number, kind, name, info)")
            if self.resolve is None:
                raise Malformed("no handle is expected here")
            return self.resolve(Handle(*fields))
        if tag in (b"a", b"A", b"g"):
            array = self._array()
            if tag == b"g":
                return array[()]
            if tag == b"A":
                array.flags.writeable = False
            self.memo.append(array)
            return array
        if tag == b"D":
            import numpy as np

            return np.dtype(self._dtype_name())
        if tag == b"G":
            import numpy as np

            name = self._blob().decode("ascii")
            value = getattr(np, name, None) if name.isidentifier() else None
            if not (isinstance(value, type) and issubclass(value, np.generic)):
                raise Malformed("not the name of a numpy scalar type")
            return value
        if tag == b"x":
            return self._tensor()
        if tag == b"p":
            import torch

            return getattr(torch, self._name(_TENSOR_DTYPES))
        if tag == b"v":
            import torch

            name = self._blob().decode("ascii")
            if not re.fullmatch(r"(cpu|cuda|mps|meta)(:\d{1,3})?", name):
                raise Malformed("not the name of a device")
            return torch.device(name)
        raise Malformed(f"unknown tag {tag!r}")

    def _take(self, count: int) -> bytes:
        if count > len(self.data) - self.at:
            raise Malformed("the value ends too early")
        part = self.data[self.at : self.at + count]
        self.at += count
        return part

    def _count(self) -> int:
        (count,) = _U32.unpack(self._take(4))
        if count > len(self.data) - self.at:  # each item takes at least one byte
            raise Malformed(f"{count} items in {len(self.data) - self.at} bytes")
        return count

    def _blob(self) -> bytes:
        return self._take(_U64.unpack(self._take(8))[0])

    def _name(self, allowed: Any) -> str:
        name = self._blob().decode("ascii")
        if name not in allowed:
            raise Malformed("a name that is not on the list")
        return name

    def _dtype_name(self) -> str:
        name = self._blob().decode("ascii")
        if not _ARRAY_DTYPE.match(name):
            raise Malformed("an array type that is not on the list")
        return name

    def _shape(self) -> tuple[int, ...]:
        (ndim,) = _U32.unpack(self._take(4))
        if ndim > 32:
            raise Malformed(f"{ndim} dimensions")
        return tuple(_U64.unpack(self._take(8))[0] for _ in range(ndim))

    def _array(self) -> Any:
        import numpy as np

        dtype = np.dtype(self._dtype_name())
        shape, raw = self._shape(), bytearray(self._blob())
        size = dtype.itemsize
        for length in shape:
            size *= length
        if size != len(raw):
            raise Malformed(f"{len(raw)} bytes for an array of {size}")
        if not raw:
            return np.zeros(shape, dtype)
        return np.frombuffer(raw, dtype).reshape(shape)

    def _tensor(self) -> Any:
        import torch

        dtype = getattr(torch, self._name(_TENSOR_DTYPES))
        graph = self._take(1)  # see ``_graph_of``
        shape = self._shape()
        tensor = self._elements(dtype, shape)
        if graph != b"F" and (dtype.is_floating_point or dtype.is_complex):
            tensor.requires_grad_()
            if graph == b"L":
                tensor.grad = self._elements(dtype, shape)
            if graph == b"G":  # unlike a leaf it may be worked on in place, here as well
                with torch.enable_grad():
                    tensor = tensor.clone()
        self.memo.append(tensor)
        return tensor

    def _elements(self, dtype: Any, shape: tuple[int, ...]) -> Any:
        import torch

        raw = bytearray(self._blob())
        size = torch.empty((), dtype=dtype).element_size()
        for length in shape:
            size *= length
        if size != len(raw):
            raise Malformed(f"{len(raw)} bytes for a tensor of {size}")
        if not raw:
            return torch.zeros(shape, dtype=dtype)
        flat = torch.frombuffer(raw, dtype=torch.uint8)
        return (flat != 0 if dtype is torch.bool else flat.view(dtype)).reshape(shape)


def _graph_of(tensor: Any) -> bytes:
    """F: requires no gradient, T: a leaf that does, L: one that has a gradient, which travels with it, G: the
    result of a calculation.
    """
    if not tensor.requires_grad:
        return b"F"
    if not tensor.is_leaf:
        return b"G"
    return b"T" if tensor.grad is None or tensor.grad.is_sparse else b"L"


def _bytes_of(tensor: Any) -> bytes:
    import torch

    dense = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    # What has one element counts as contiguous whatever its stride, but its bytes need a stride of 1.
    flat = dense.as_strided((tensor.numel(),), (1,)).as_subclass(torch.Tensor)
    raw = flat.view(torch.uint8) if flat.numel() and flat.dtype != torch.bool else flat.to(torch.uint8)
    return raw.numpy().tobytes()
