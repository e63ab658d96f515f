"""Receptive fields through any graph of operations, one operation at a time.

What an output value can depend on is, along one axis of the input, an interval of pixels. A tensor's
intervals move linearly with its indices almost everywhere in a network, so one :class:`Span` per input axis
describes a whole tensor: the interval that element 0 sees, and how far it moves per index step (the *jump*).
A kernel widens the interval, a stride multiplies the jump, a branch that meets another takes the smallest
start and the largest end. Where intervals stop moving together (global pooling, a squeeze-and-excite gate,
attention) the span remembers an interval that *every* element sees.

The arithmetic is that of Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural
Networks" (Distill, 2019), carried from chains of layers to single ATen operations, which is what makes
reshapes, slices and concatenations exact as well. Windows count the padding, as the literature does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import gcd, prod
from typing import Any, NamedTuple

import torch

Number = int | Fraction
Atom = tuple[int, Number]  # how many indices, and how far the interval moves with each
Dim = tuple[Atom, ...]  # a tensor dimension as a product of atoms, outermost first: reshapes lose nothing


class Span(NamedTuple):
    """What the elements of one tensor see along one axis of one input.

    The element at indices ``i`` sees ``[lo + sum(step * i), hi + sum(step * i)]`` in pixels of the input
    (0 is the first pixel, padding is negative), and besides, whatever its indices, all of ``common``.
    """

    lo: Number
    hi: Number
    dims: tuple[Dim, ...]
    common: tuple[Number, Number] | None = None


Axis = tuple[int, int]  # (which input, which of its spatial axes)
Fields = dict[Axis, Span]  # empty: does not depend on an input's pixels
UNKNOWN = None  # depends on them in a way that no rule below describes


class View(NamedTuple):
    """The receptive field of one tensor, as a row of the ledger prints it: one entry per spatial axis."""

    size: tuple[int | float, ...]
    jump: tuple[int | float, ...] | None  # None where neighbouring values no longer see shifted windows
    centre: tuple[int | float, ...]
    covers_input: bool


# ----- a dimension -----------------------------------------------------------------------------------------


def _normal(atoms: Sequence[Atom]) -> Dim:
    """Drop atoms of one index and join neighbours that step alike; a dimension of one index keeps its step."""
    kept: list[Atom] = []
    for size, step in atoms:
        if size == 1:
            continue
        if kept and kept[-1][1] == step * size:
            kept[-1] = (kept[-1][0] * size, step)
        else:
            kept.append((size, step))
    return tuple(kept) or ((1, atoms[-1][1] if atoms else 0),)


def _size(dim: Dim) -> int:
    return prod(size for size, _ in dim)


def _flat(dim: Dim) -> Dim:
    return ((_size(dim), 0),)


def _moves(dim: Dim) -> bool:
    return any(step for _, step in dim)


def _replace(dims: tuple[Dim, ...], index: int, *new: Dim) -> tuple[Dim, ...]:
    return (*dims[:index], *new, *dims[index + 1 :])


# ----- a span ----------------------------------------------------------------------------------------------


def _exact(value: Number) -> Number:
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def _hull(span: Span) -> tuple[Number, Number]:
    """The interval that all elements together see."""
    spread = [step * (size - 1) for dim in span.dims for size, step in dim]
    return _union((span.lo + sum(min(0, s) for s in spread), span.hi + sum(max(0, s) for s in spread)), span.common)


def _union(a: tuple[Number, Number], b: tuple[Number, Number] | None) -> tuple[Number, Number]:
    return a if b is None else (min(a[0], b[0]), max(a[1], b[1]))


def _share(span: Span) -> Span:
    """Every element now depends on what any element saw (statistics, softmax): the grid stays."""
    return span._replace(common=_hull(span))


def _collapse(span: Span, dims: Sequence[int]) -> Span:
    """The dimensions ``dims`` are summed or mixed: each value sees what all their indices saw."""
    lo, hi, new = span.lo, span.hi, list(span.dims)
    for d in dims:
        for size, step in span.dims[d]:
            lo, hi = lo + min(0, step * (size - 1)), hi + max(0, step * (size - 1))
        new[d] = _flat(span.dims[d])
    return span._replace(lo=lo, hi=hi, dims=tuple(new))


def _linear(span: Span, d: int) -> tuple[Span, Number]:
    """The span with dimension ``d`` as one atom, and that atom's step (0 when it had to be collapsed)."""
    dim = span.dims[d]
    if len(dim) == 1:
        return span, dim[0][1]
    if len(dim) == 2 and dim[1][1] == 0:  # blocks of equal values, as after a pixel shuffle
        (outer, step), (inner, _) = dim
        step, shift = Fraction(step) / inner, -Fraction(step) * (inner - 1) / (2 * inner)
        atom = ((outer * inner, step),)
        return span._replace(lo=span.lo + shift, hi=span.hi + shift, dims=_replace(span.dims, d, atom)), step
    return _collapse(span, [d]), 0


def _slide(span: Span, d: int, out: int, *, first: Number, extent: Number, stride: Number) -> Span:
    """Output index o sees the inputs from ``first + stride * o`` up to ``extent`` further along ``d``."""
    span, step = _linear(span, d)
    a, b = step * first, step * (first + extent)
    lo, hi = _exact(span.lo + min(a, b)), _exact(span.hi + max(a, b))
    return span._replace(lo=lo, hi=hi, dims=_replace(span.dims, d, ((out, _exact(step * stride)),)))


def _resample(span: Span, d: int, out: int, taps: int, ratio: Fraction | None = None, start: Fraction | None = None):
    """``out`` evenly spread windows of ``taps`` inputs each, centred as interpolation centres them."""
    ratio = Fraction(_size(span.dims[d]), out) if ratio is None else ratio
    centre = (ratio - 1) / 2 if start is None else start
    return _slide(span, d, out, first=centre - Fraction(taps - 1, 2), extent=taps - 1, stride=ratio)


def _reshape(span: Span, shape: Sequence[int]) -> Span:
    """The same elements in row-major order under another shape."""
    old = [_size(dim) for dim in span.dims]
    head = 0
    while head < min(len(old), len(shape)) and old[head] == shape[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(shape)) - head and old[-1 - tail] == shape[-1 - tail]:
        tail += 1
    pool = [atom for dim in span.dims[head : len(old) - tail] for atom in dim]
    pool = list(_normal(pool)) if pool else []
    middle: list[Dim] = []
    for size in reversed(shape[head : len(shape) - tail]):
        atoms: list[Atom] = []
        while size > 1 and pool:
            n, step = pool.pop()
            taken = gcd(n, size)
            if taken < n:
                if taken < size:  # the boundaries cross: no shape of ours says which element sits where
                    flat = _collapse(span, range(len(old)))
                    return flat._replace(dims=tuple(((n, 0),) for n in shape))
                pool.append((n // taken, step * taken))
            atoms.insert(0, (taken, step))
            size //= taken
        middle.insert(0, _normal(atoms))
    return span._replace(dims=(*span.dims[:head], *middle, *span.dims[len(old) - tail :]))


def _align(span: Span, shape: Sequence[int]) -> Span:
    """Broadcast to ``shape``: what is repeated sees the same wherever it is repeated."""
    missing = len(shape) - len(span.dims)
    dims = [((n, 0),) for n in shape[:missing]]
    dims += [dim if _size(dim) == n else ((n, 0),) for dim, n in zip(span.dims, shape[missing:], strict=True)]
    return span._replace(dims=tuple(dims))


def _merge(a: Span, b: Span) -> Span:
    """A value made from both (spans of equal shape)."""
    if all(p == q or _size(p) == 1 for p, q in zip(a.dims, b.dims, strict=True)):
        common = b.common if a.common is None else _union(a.common, b.common)
        return Span(min(a.lo, b.lo), max(a.hi, b.hi), a.dims, common)
    if not any(map(_moves, a.dims)):
        a, b = b, a
    return a._replace(common=_union(_hull(b), a.common))


def _combine(parts: Sequence[Fields | None]) -> Fields | None:
    if any(part is UNKNOWN for part in parts):
        return UNKNOWN
    out: Fields = {}
    for part in parts:
        for axis, span in part.items():
            out[axis] = _merge(out[axis], span) if axis in out else span
    return out


# ----- rules, one a family of operations -------------------------------------------------------------------
# A rule gets the operation's arguments by name and the output (a tensor, or the first of several), and maps
# each span of the operand it follows. `_Call.map` applies a function to all spans of a tensor.


class _Call(NamedTuple):
    tracker: Tracker
    args: dict[str, Any]
    outs: list[torch.Tensor]
    name: str

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.outs[0].shape)

    def fields(self, name: str) -> Fields | None:
        value = self.args.get(name)
        return self.tracker.of(value) if isinstance(value, torch.Tensor) else {}

    def map(self, name: str, change: Callable[[Span], Span]) -> Fields | None:
        fields = self.fields(name)
        return fields if not fields else {axis: change(span) for axis, span in fields.items()}

    def everywhere(self, *names: str) -> Fields | None:
        """What the operands ``names`` saw, seen by every element of the output."""
        flat = tuple(((n, 0),) for n in self.shape)
        return _combine([self.map(name, lambda s: Span(*_hull(s), flat)) for name in names])


def _per_axis(value: Any, count: int) -> list[int]:
    """An int-list argument of a kernel op, one entry per spatial dimension (ATen shortens equal ones)."""
    values = list(value) if isinstance(value, Sequence) else [value]
    return values * count if len(values) == 1 else values


def _pointwise(call: _Call):
    tensors = [t for t in _tensors(call.args.values())]
    parts = [call.tracker.of(t) for t in tensors]
    if any(part is UNKNOWN for part in parts):
        return UNKNOWN
    return _combine([{axis: _align(span, call.shape) for axis, span in part.items()} for part in parts])


def _same(call: _Call):
    return call.map(next(iter(call.args)), lambda s: s)


def _nothing(call: _Call):
    return {}


def _copy_into(call: _Call):
    return call.map("src", lambda s: _align(s, call.shape))


def _convolution(call: _Call):
    weight = call.args["weight"]
    count = weight.dim() - 2
    stride, padding, dilation = (_per_axis(call.args[key], count) for key in ("stride", "padding", "dilation"))

    def change(span: Span) -> Span:
        span = _collapse(span, [1])
        for i in range(count):
            k, s, p, d, out = weight.shape[2 + i], stride[i], padding[i], dilation[i], call.shape[2 + i]
            if call.args["transposed"]:
                # Output o collects the inputs (o + p - d t) / s that are whole: every m-th tap t. Which taps
                # those are depends on o mod s; the widest of the s windows counts.
                m = s // gcd(s, d)
                extent = Fraction((-(-k // m) - 1) * m * d, s)
                first = Fraction(2 * p - (k - 1) * d, 2 * s) - extent / 2
                span = _slide(span, 2 + i, out, first=first, extent=extent, stride=Fraction(1, s))
            else:
                span = _slide(span, 2 + i, out, first=-p, extent=(k - 1) * d, stride=s)
        return span._replace(dims=_replace(span.dims, 1, ((call.shape[1], 0),)))

    return _combine([call.map("input", change), call.everywhere("weight", "bias")])


def _pool(call: _Call):
    count = next(int(c) for c in call.name if c.isdigit())
    kernel = _per_axis(call.args["kernel_size"], count)
    stride = _per_axis(call.args["stride"] or kernel, count)
    padding = _per_axis(call.args["padding"], count)
    dilation = _per_axis(call.args.get("dilation", 1), count)
    averages = call.name.startswith("avg")

    def change(span: Span) -> Span:
        for i in range(count):
            d = len(span.dims) - count + i
            out, n = call.shape[d], _size(span.dims[d])
            if averages and out == 1 and padding[i] == 0 and n == kernel[i] > 2:  # a head's global average
                span = _collapse(span, [d])
                span = span._replace(dims=_replace(span.dims, d, ((1, 0),)))
            else:
                extent = (kernel[i] - 1) * dilation[i]
                span = _slide(span, d, out, first=-padding[i], extent=extent, stride=stride[i])
        return span

    fields = call.map(next(iter(call.args)), change)
    return [fields] * len(call.outs)


def _adaptive_pool(call: _Call):
    count = next(int(c) for c in call.name if c.isdigit())

    def change(span: Span) -> Span:
        for d in range(len(span.dims) - count, len(span.dims)):
            n, out = _size(span.dims[d]), call.shape[d]
            if out == 1:
                span = _collapse(span, [d])
                span = span._replace(dims=_replace(span.dims, d, ((1, 0),)))
            elif out != n:
                taps = max(-(-(i + 1) * n // out) - i * n // out for i in range(out))
                span = _resample(span, d, out, taps)
        return span

    fields = call.map("self", change)
    return [fields] * len(call.outs)


def _upsample(call: _Call):
    count = len(call.shape) - 2
    taps = 1 if "nearest" in call.name else 4 if "bicubic" in call.name else 2
    corners = bool(call.args.get("align_corners"))

    def change(span: Span) -> Span:
        for d in range(2, 2 + count):
            n, out = _size(span.dims[d]), call.shape[d]
            if n == out:
                continue
            if n == 1:
                span = _collapse(span, [d])
                span = span._replace(dims=_replace(span.dims, d, ((out, 0),)))
            elif corners:
                span = _resample(span, d, out, taps, Fraction(n - 1, max(out - 1, 1)), Fraction(0))
            else:
                span = _resample(span, d, out, min(taps, n))
        return span

    return call.map(next(iter(call.args)), change)


def _pad(call: _Call):
    pad = list(call.args.get("pad") or call.args["padding"])

    def change(span: Span) -> Span:
        for i in range(len(pad) // 2):
            d = len(span.dims) - 1 - i
            span = _slide(span, d, call.shape[d], first=-pad[2 * i], extent=0, stride=1)
        return span

    return call.map("self", change)


def _reduce(call: _Call):
    dim = call.args.get("dim")

    def change(span: Span) -> Span:
        rank = len(span.dims)
        dims = {d % rank for d in ([dim] if isinstance(dim, int) else dim or range(rank))} if rank else set()
        span = _collapse(span, sorted(dims))
        if call.args.get("keepdim"):
            return span._replace(dims=tuple(((1, 0),) if d in dims else x for d, x in enumerate(span.dims)))
        return span._replace(dims=tuple(x for d, x in enumerate(span.dims) if d not in dims))

    fields = call.map("self", change)
    return [fields] * len(call.outs)


def _along_dim(call: _Call):
    """Same shape, every index of ``dim`` mixed with every other (softmax, cumulative sums, sorting)."""
    dim = call.args.get("dim", -1)
    fields = call.map("self", lambda s: _share(s) if s.dims and _moves(s.dims[dim]) else s)
    return [fields] * len(call.outs)


def _normalise(call: _Call):
    """Layer and group norm: mean and variance over a block of dimensions reach every value of it."""
    first = len(call.shape) - len(call.args["normalized_shape"]) if "normalized_shape" in call.args else 1
    return call.map("input", lambda s: _share(s) if any(map(_moves, s.dims[first:])) else s)


def _batch_norm(call: _Call):
    """A constant scale and shift per channel, as at test time. Without running statistics (instance norm) the
    picture's own mean and variance are used, so that each value sees the whole map."""
    if call.args.get("running_mean") is None:
        return call.map("input", _share)
    return call.map("input", lambda s: s)


def _view(call: _Call):
    return call.map("self", lambda s: _reshape(s, call.shape))


def _restride(call: _Call):
    """Another memory order for the same shape (pooling does that to tensors of one pixel); else unknown."""
    same = all(tuple(map(_size, s.dims)) == call.shape for s in (call.fields("self") or {}).values())
    return call.map("self", lambda s: s) if same else UNKNOWN


def _expand(call: _Call):
    return call.map("self", lambda s: _align(s, call.shape))


def _repeat(call: _Call):
    def change(span: Span) -> Span:
        span = _align(span, [1] * (len(call.shape) - len(span.dims)) + [_size(x) for x in span.dims])
        repeats = call.args["repeats"]
        dims = (_normal(((r, 0), *dim)) if r > 1 else dim for r, dim in zip(repeats, span.dims, strict=True))
        return span._replace(dims=tuple(dims))

    return call.map("self", change)


def _permute(call: _Call):
    def change(span: Span) -> Span:
        rank = len(span.dims)
        if call.name == "permute":
            order = [d % rank for d in call.args["dims"]]
        else:
            order = list(range(rank))
            if rank:
                a, b = (call.args.get("dim0", 0) % rank, call.args.get("dim1", 1) % rank) if rank > 1 else (0, 0)
                order[a], order[b] = order[b], order[a]
        return span._replace(dims=tuple(span.dims[d] for d in order))

    return call.map("self", change)


def _unsqueeze(call: _Call):
    d = call.args["dim"] % len(call.shape)
    return call.map("self", lambda s: s._replace(dims=(*s.dims[:d], ((1, 0),), *s.dims[d:])))


def _squeeze(call: _Call):
    dim = call.args.get("dim")

    def change(span: Span) -> Span:
        rank = len(span.dims)
        chosen = range(rank) if dim is None else [dim] if isinstance(dim, int) else dim
        gone = {d % rank for d in chosen if _size(span.dims[d]) == 1}
        return span._replace(dims=tuple(x for d, x in enumerate(span.dims) if d not in gone))

    return call.map("self", change)


def _take(span: Span, d: int, start: int, out: int, step: int = 1) -> Span:
    """Indices start, start + step, ... of dimension ``d``."""
    if len(span.dims[d]) > 1 and out != _size(span.dims[d]):
        if len(span.dims[d]) == 2 and step == 1 and not span.dims[d][0][1] and out <= span.dims[d][1][0]:
            inner = span.dims[d][1]  # one run inside a block: the outer part stands still
            return _slide(span._replace(dims=_replace(span.dims, d, (inner,))), d, out, first=0, extent=0, stride=1)
        span = _linear(span, d)[0]
    if len(span.dims[d]) > 1:
        return span
    return _slide(span, d, out, first=start, extent=0, stride=step)


def _slice(call: _Call):
    d = call.args["dim"]

    def change(span: Span) -> Span:
        n = _size(span.dims[d])
        start = call.args.get("start") or 0
        start = max(0, min(n, start + n if start < 0 else start))
        return _take(span, d % len(span.dims), start, call.shape[d], call.args["step"])

    return call.map("self", change)


def _select(call: _Call):
    d = call.args["dim"]

    def change(span: Span) -> Span:
        at = d % len(span.dims)
        span = _take(span, at, call.args["index"] % _size(span.dims[at]), 1)
        return span._replace(dims=_replace(span.dims, at))

    return call.map("self", change)


def _split(call: _Call):
    dim, start, results = call.args["dim"], 0, []
    for out in call.outs:
        size = out.shape[dim]
        results.append(call.map("self", lambda s, a=start, n=size: _take(s, dim % len(s.dims), a, n)))
        start += size
    return results


def _unbind(call: _Call):
    def change(span: Span, index: int) -> Span:
        at = call.args["dim"] % len(span.dims)
        return (span := _take(span, at, index, 1))._replace(dims=_replace(span.dims, at))

    return [call.map("self", lambda s, i=i: change(s, i)) for i in range(len(call.outs))]


def _join(call: _Call, fresh: bool):
    """Concatenation (``fresh``: stacking, along a new dimension). Along channels the result is the union."""
    dim = call.args["dim"] % len(call.shape)
    parts = []
    for tensor in call.args["tensors"]:
        fields = call.tracker.of(tensor)
        if fields is UNKNOWN:
            return UNKNOWN
        if tensor.dim() != len(call.shape) - fresh:  # torch lets empty 1-D tensors through
            continue
        spread = {}
        for axis, span in fields.items():
            if fresh:
                span = span._replace(dims=(*span.dims[:dim], ((1, 0),), *span.dims[dim:]))
            span = _collapse(span, [dim])
            spread[axis] = span._replace(dims=_replace(span.dims, dim, ((call.shape[dim], 0),)))
        parts.append(spread)
    return _combine(parts)


def _flip(call: _Call):
    def change(span: Span) -> Span:
        for d in call.args["dims"]:
            at = d % len(span.dims)
            last = _size(span.dims[at]) - 1
            span = _slide(span, at, last + 1, first=last, extent=0, stride=-1)
        return span

    return call.map("self", change)


def _roll(call: _Call):
    dims = call.args["dims"] or range(len(call.shape))
    return call.map("self", lambda s: _share(s) if any(_moves(s.dims[d]) for d in dims) else s)


def _index_select(call: _Call):
    def change(span: Span) -> Span:
        d = call.args["dim"] % len(span.dims)
        span = _collapse(span, [d])
        return span._replace(dims=_replace(span.dims, d, ((call.shape[d], 0),)))

    return call.map("self", change)


def _unfold(call: _Call):
    size, stride = call.args["size"], call.args["step"]

    def change(span: Span) -> Span:
        d = call.args["dimension"] % len(span.dims)
        span, step = _linear(span, d)
        span = _slide(span, d, call.shape[d], first=0, extent=0, stride=stride)
        return span._replace(dims=(*span.dims, ((size, step),)))

    return call.map("self", change)


def _im2col(call: _Call):
    kernel, padding, stride, dilation = (
        _per_axis(call.args[key], 2) for key in ("kernel_size", "padding", "stride", "dilation")
    )

    def change(span: Span) -> Span:
        sizes, steps = [], []
        for i, d in enumerate((2, 3)):
            span, step = _linear(span, d)
            n = (_size(span.dims[d]) + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1
            span = _slide(span, d, n, first=-padding[i], extent=0, stride=stride[i])
            sizes.append(n)
            steps.append(step)
        channel = (*span.dims[1], *((k, s * d) for k, s, d in zip(kernel, steps, dilation, strict=True)))
        place = tuple((n, span.dims[d][0][1]) for n, d in zip(sizes, (2, 3), strict=True))
        return span._replace(dims=(span.dims[0], _normal(channel), _normal(place)))

    return call.map("self", change)


def _pixel_shuffle(call: _Call):
    r = call.args["upscale_factor"]

    def change(span: Span) -> Span:
        rank = len(span.dims)
        span = _collapse(span, [rank - 3])
        channel = ((_size(span.dims[-3]) // r**2, 0),)
        return span._replace(
            dims=(*span.dims[:-3], channel, *(_normal((*dim, (r, 0))) for dim in span.dims[-2:]))
        )

    return call.map("self", change)


def _pixel_unshuffle(call: _Call):
    r = call.args["downscale_factor"]

    def change(span: Span) -> Span:
        channel = list(span.dims[-3])
        for d in (-2, -1):
            at = len(span.dims) + d
            span, step = _linear(span, at)
            span = _slide(span, at, call.shape[d], first=0, extent=0, stride=r)
            channel.append((r, step))
        return span._replace(dims=(*span.dims[:-3], _normal(channel), *span.dims[-2:]))

    return call.map("self", change)


def _matmul(call: _Call):
    """(…, rows, k) times (…, k, columns), plus a bias for the add- forms."""
    a, b = ("mat1", "mat2") if "mat1" in call.args else ("batch1", "batch2") if "batch1" in call.args else ("self", "mat2")
    batch = call.shape[:-2]

    def left(span: Span) -> Span:
        span = _collapse(span, [len(span.dims) - 1])
        return span._replace(dims=(*span.dims[:-1], ((call.shape[-1], 0),)))

    def right(span: Span) -> Span:
        span = _collapse(span, [len(span.dims) - 2])
        return span._replace(dims=(*span.dims[: len(batch)], ((call.shape[-2], 0),), span.dims[-1]))

    bias = {} if a == "self" else call.map("self", lambda s: _align(s, call.shape))
    return _combine([call.map(a, left), call.map(b, right), bias])


def _vector_product(call: _Call):
    return call.everywhere(*(name for name, value in call.args.items() if isinstance(value, torch.Tensor)))


def _attention(call: _Call):
    """Each query sees itself and every key and value."""
    query = call.map("query", lambda s: _align(_collapse(s, [len(s.dims) - 1]), call.shape))
    return _combine([query, call.everywhere("key", "value")])


_RULES: dict[str, Callable[[_Call], Any]] = {}
for _rule, _names in {
    _same: "detach alias clone _to_copy lift_fresh native_dropout log_sigmoid_forward rrelu_with_noise tril triu "
    "hardswish hardswish_ hardsigmoid hardsigmoid_ bernoulli contiguous resolve_conj resolve_neg _conj",
    _nothing: "bernoulli_ fill_ zero_ uniform_ normal_ exponential_ random_ empty_like zeros_like ones_like full_like "
    "rand_like randn_like randint_like new_empty new_zeros new_ones new_full new_empty_strided",
    _pointwise: "prelu _prelu_kernel",
    _copy_into: "copy_",
    _convolution: "convolution",
    _pool: "max_pool2d_with_indices max_pool3d_with_indices avg_pool2d avg_pool3d",
    _adaptive_pool: "_adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_max_pool2d adaptive_max_pool3d",
    _upsample: "upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d "
    "_upsample_nearest_exact2d _upsample_nearest_exact3d upsample_linear1d upsample_bilinear2d upsample_trilinear3d "
    "upsample_bicubic2d",
    _pad: "constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d "
    "replication_pad3d",
    _reduce: "mean sum amax amin max min var std var_mean std_mean logsumexp prod argmax argmin any all "
    "linalg_vector_norm norm median",
    _along_dim: "_softmax _log_softmax _safe_softmax cumsum cumprod sort",
    _normalise: "native_layer_norm native_group_norm",
    _batch_norm: "native_batch_norm _native_batch_norm_legit _native_batch_norm_legit_no_training "
    "_batch_norm_with_update cudnn_batch_norm",
    _view: "view _unsafe_view reshape _reshape_alias view_copy",
    _restride: "as_strided as_strided_",
    _expand: "expand",
    _repeat: "repeat",
    _permute: "permute transpose transpose_ t t_",
    _unsqueeze: "unsqueeze unsqueeze_",
    _squeeze: "squeeze squeeze_",
    _slice: "slice",
    _select: "select",
    _split: "split split_with_sizes unsafe_split unsafe_split_with_sizes chunk",
    _unbind: "unbind",
    _flip: "flip",
    _roll: "roll",
    _index_select: "index_select",
    _unfold: "unfold",
    _im2col: "im2col",
    _pixel_shuffle: "pixel_shuffle",
    _pixel_unshuffle: "pixel_unshuffle",
    _matmul: "mm addmm bmm baddbmm",
    _vector_product: "mv addmv dot vdot",
    _attention: "_scaled_dot_product_flash_attention _scaled_dot_product_flash_attention_for_cpu "
    "_scaled_dot_product_efficient_attention _scaled_dot_product_cudnn_attention "
    "_scaled_dot_product_fused_attention_overrideable",
}.items():
    _RULES.update(dict.fromkeys(_names.split(), _rule))
RESHAPED_IN_PLACE = {"as_strided_", "squeeze_", "unsqueeze_", "transpose_", "t_"}
_RULES["cat"] = lambda call: _join(call, fresh=False)
_RULES["stack"] = lambda call: _join(call, fresh=True)


# ----- the tracker -----------------------------------------------------------------------------------------


def _tensors(values) -> list[torch.Tensor]:
    found = []
    for value in values:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found.extend(v for v in value if isinstance(v, torch.Tensor))
    return found


def _key(tensor: torch.Tensor) -> tuple:
    # The place in memory, not the Python object: autograd hands out new objects for views.
    return (tensor.untyped_storage()._cdata, tensor.storage_offset(), tuple(tensor.shape), tensor.stride())


class Tracker:
    """Follows the spans of all tensors of one forward pass. Storages must outlive it (their address is the key)."""

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
        outs = _tensors([result])
        if not outs:
            return
        inputs = [*_tensors(args), *_tensors(kwargs.values())]
        if all(self.of(t) == {} for t in inputs) and not func._schema.is_mutable:
            return  # made from parameters and constants alone
        name = func.overloadpacket.__name__
        rule = _RULES.get(name) or (_pointwise if torch.Tag.pointwise in func.tags else None)
        if rule is None:
            parts = [self.of(t) for t in inputs]
            fields = {} if all(part == {} for part in parts) else UNKNOWN
            if fields is UNKNOWN and UNKNOWN not in parts:
                self.unknown.append(name)
            results = [fields] * len(outs)
        else:
            bound = {a.name: kwargs.get(a.name, a.default_value) for a in func._schema.arguments}
            bound.update(zip(bound, args, strict=False))
            fields = rule(_Call(self, bound, outs, name))
            results = fields if isinstance(fields, list) else [fields]
            results += [UNKNOWN] * (len(outs) - len(results))
        in_place = func._schema.is_mutable and not name.startswith("native_") and name not in RESHAPED_IN_PLACE
        write = self._overwrite if in_place else self._put
        for out, fields in zip(outs, results, strict=True):
            write(out, fields)

    def view(self, tensor: torch.Tensor) -> View | None:
        """The receptive field of ``tensor`` in the first input that it depends on; None where unknown or none."""
        fields = self.of(tensor)
        if not fields:
            return None
        source = min(fields)[0]
        size, jump, centre, covers = [], [], [], True
        for axis, span in sorted(fields.items()):
            if axis[0] != source:
                continue
            local = (span.lo, span.hi)
            moving = [dim for dim in span.dims if _moves(dim)]
            whole = span.common
            if len(moving) != 1 or len(moving[0]) != 1:
                whole, moving = _hull(span), []
            low, high = local if whole is None else whole
            size.append(_plain(max(local[1] - local[0], high - low) + 1))
            jump.append(_plain(moving[0][0][1]) if moving else None)
            centre.append(_plain(Fraction(low + high) / 2))
            covers &= whole is not None and low <= 0 and high >= self.sizes[axis] - 1
        return View(tuple(size), None if None in jump else tuple(jump), tuple(centre), covers)


def _plain(value: Number) -> int | float:
    return int(value) if value == int(value) else float(value)
