"""Follows the receptive fields of all tensors of one forward pass."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import torch

from .rules import RESHAPED_IN_PLACE, Call, rule_for
from .spans import UNKNOWN, Axis, Fields, Number, Span, linear, moves
from .tensors import storage_of, tensors_in


class View(NamedTuple):
    """The receptive field of one tensor, as a row of the ledger prints it: one entry per spatial axis."""

    size: tuple[int | float, ...]
    jump: tuple[int | float, ...] | None  # None where neighbouring values no longer see shifted windows
    centre: tuple[int | float, ...]
    covers_input: bool


def _key(tensor: torch.Tensor) -> tuple:
    # The place in memory, not the Python object: autograd hands out new objects for views.
    return (storage_of(tensor), tensor.storage_offset(), tuple(tensor.shape), tensor.stride())


class Tracker:
    """Keeps the fields of every tensor by its place in memory: storages must outlive the tracker."""

    def __init__(self) -> None:
        self._fields: dict[tuple, Fields | None] = {}
        self._keys: dict[int, set[tuple]] = {}
        self._patched: set[int] = set()  # storages written in part, whose other views we no longer know
        self.sizes: dict[Axis, int] = {}
        self.unknown: list[str] = []  # operations without a rule that an input's pixels went into

    def start(self, tensor: torch.Tensor, source: int) -> None:
        """``tensor`` (N, C, *spatial) is an input: each element sees itself."""
        fields: Fields = {}
        for axis, d in enumerate(range(2, tensor.dim())):
            dims = tuple(((n, 1 if e == d else 0),) for e, n in enumerate(tensor.shape))
            fields[source, axis] = Span(0, 0, dims)
            self.sizes[source, axis] = tensor.shape[d]
        self._put(tensor, fields)

    def of(self, tensor: torch.Tensor) -> Fields | None:
        key = _key(tensor)
        if key in self._fields:
            return self._fields[key]
        return UNKNOWN if key[0] in self._patched else {}

    def _put(self, tensor: torch.Tensor, fields: Fields | None) -> None:
        key = _key(tensor)
        self._fields[key] = fields
        self._keys.setdefault(key[0], set()).add(key)

    def _overwrite(self, tensor: torch.Tensor, fields: Fields | None) -> None:
        """An in-place result: other views of the same memory may now be something else."""
        key = _key(tensor)
        before = self._fields.get(key, {})
        if fields != before:
            for other in self._keys.pop(key[0], ()):
                del self._fields[other]
            if tensor.numel() * tensor.element_size() < tensor.untyped_storage().nbytes():
                self._patched.add(key[0])
        self._put(tensor, fields)

    def step(self, func, args: tuple, kwargs: dict, result: Any) -> None:
        """Account for ``result = func(*args, **kwargs)``, an ATen operation."""
        outs = list(tensors_in(result))
        parts = [self.of(tensor) for tensor in tensors_in([args, kwargs])]
        if not outs or (all(part == {} for part in parts) and not func._schema.is_mutable):
            return  # made from parameters and constants alone
        name = func.overloadpacket.__name__
        rule = rule_for(func)
        if rule is None:
            if UNKNOWN not in parts:
                self.unknown.append(name)
            results = [UNKNOWN] * len(outs)
        else:
            bound = {a.name: kwargs.get(a.name, a.default_value) for a in func._schema.arguments}
            bound.update(zip(bound, args, strict=False))
            fields = rule(Call(name, bound, outs, self.of))
            results = fields if isinstance(fields, list) else [fields]
            results += [UNKNOWN] * (len(outs) - len(results))
        in_place = func._schema.is_mutable and name not in RESHAPED_IN_PLACE
        write = self._overwrite if in_place else self._put
        for out, fields in zip(outs, results, strict=True):
            write(out, fields)

    def view(self, tensor: torch.Tensor) -> View | None:
        """The receptive field of ``tensor`` in the first input it depends on; None where there is none."""
        fields = self.of(tensor)
        if not fields:
            return None
        source = min(fields)[0]
        size, jump, centre, covers = [], [], [], True
        for axis, span in sorted(fields.items()):
            if axis[0] != source:
                continue
            moving = [d for d, dim in enumerate(span.dims) if moves(dim)]
            step = None
            if len(moving) == 1:
                moved, step = linear(span, moving[0])
                span = moved if step else span
            whole = span.common if moving else (span.lo, span.hi)
            low, high = whole or (span.lo, span.hi)
            size.append(_plain(max(span.hi - span.lo, high - low) + 1))
            jump.append(_plain(step) if step else None)
            centre.append(_plain(Fraction(low + high) / 2))
            covers &= whole is not None and low <= 0 and high >= self.sizes[axis] - 1
        return View(tuple(size), None if None in jump else tuple(jump), tuple(centre), covers)


def _plain(value: Number) -> int | float:
    return int(value) if value == int(value) else float(value)
