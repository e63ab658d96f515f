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

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, prod
from typing import NamedTuple

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
UNKNOWN = None  # depends on them in a way that no rule describes


# ----- a dimension -----------------------------------------------------------------------------------------


def normal(atoms: Sequence[Atom]) -> Dim:
    """Drop atoms of one index, join neighbours that step alike; a dimension of one index keeps its step."""
    kept: list[Atom] = []
    for size, step in atoms:
        if size == 1:
            continue
        if kept and kept[-1][1] == step * size:
            kept[-1] = (kept[-1][0] * size, step)
        else:
            kept.append((size, step))
    return tuple(kept) or ((1, atoms[-1][1] if atoms else 0),)


def dim_size(dim: Dim) -> int:
    return prod(size for size, _ in dim)


def flat(dim: Dim) -> Dim:
    return ((dim_size(dim), 0),)


def moves(dim: Dim) -> bool:
    return any(step for _, step in dim)


def replace(dims: tuple[Dim, ...], index: int, *new: Dim) -> tuple[Dim, ...]:
    return (*dims[:index], *new, *dims[index + 1 :])


# ----- a span ----------------------------------------------------------------------------------------------


def exact(value: Number) -> Number:
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def hull(span: Span) -> tuple[Number, Number]:
    """The interval that all elements together see."""
    spread = [step * (size - 1) for dim in span.dims for size, step in dim]
    return union(
        (span.lo + sum(min(0, s) for s in spread), span.hi + sum(max(0, s) for s in spread)), span.common
    )


def union(a: tuple[Number, Number], b: tuple[Number, Number] | None) -> tuple[Number, Number]:
    return a if b is None else (min(a[0], b[0]), max(a[1], b[1]))


def share(span: Span) -> Span:
    """Every element now depends on what any element saw (statistics, softmax): the grid stays."""
    return span._replace(common=hull(span))


def collapse(span: Span, dims: Sequence[int]) -> Span:
    """The dimensions ``dims`` are summed or mixed: each value sees what all their indices saw."""
    lo, hi, new = span.lo, span.hi, list(span.dims)
    for d in dims:
        for size, step in span.dims[d]:
            lo, hi = lo + min(0, step * (size - 1)), hi + max(0, step * (size - 1))
        new[d] = flat(span.dims[d])
    return span._replace(lo=lo, hi=hi, dims=tuple(new))


def linear(span: Span, d: int) -> tuple[Span, Number]:
    """The span with dimension ``d`` as one atom, and that atom's step (0 when it had to be collapsed)."""
    dim = span.dims[d]
    if len(dim) == 1:
        return span, dim[0][1]
    if len(dim) == 2 and dim[1][1] == 0:  # blocks of equal values, as after a pixel shuffle
        (outer, step), (inner, _) = dim
        step, shift = Fraction(step) / inner, -Fraction(step) * (inner - 1) / (2 * inner)
        atom = ((outer * inner, step),)
        return span._replace(lo=span.lo + shift, hi=span.hi + shift, dims=replace(span.dims, d, atom)), step
    return collapse(span, [d]), 0


def slide(span: Span, d: int, out: int, *, first: Number, extent: Number, stride: Number) -> Span:
    """Output index o sees the inputs from ``first + stride * o`` up to ``extent`` further along ``d``."""
    span, step = linear(span, d)
    a, b = step * first, step * (first + extent)
    lo, hi = exact(span.lo + min(a, b)), exact(span.hi + max(a, b))
    return span._replace(lo=lo, hi=hi, dims=replace(span.dims, d, ((out, exact(step * stride)),)))


def resample(
    span: Span, d: int, out: int, taps: int, ratio: Fraction | None = None, start: Fraction | None = None
):
    """``out`` evenly spread windows of ``taps`` inputs each, centred as interpolation centres them."""
    ratio = Fraction(dim_size(span.dims[d]), out) if ratio is None else ratio
    centre = (ratio - 1) / 2 if start is None else start
    return slide(span, d, out, first=centre - Fraction(taps - 1, 2), extent=taps - 1, stride=ratio)


def reshape(span: Span, shape: Sequence[int]) -> Span:
    """The same elements in row-major order under another shape."""
    old = [dim_size(dim) for dim in span.dims]
    head = 0
    while head < min(len(old), len(shape)) and old[head] == shape[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(shape)) - head and old[-1 - tail] == shape[-1 - tail]:
        tail += 1
    pool = [atom for dim in span.dims[head : len(old) - tail] for atom in dim]
    pool = list(normal(pool)) if pool else []
    middle: list[Dim] = []
    for size in reversed(shape[head : len(shape) - tail]):
        atoms: list[Atom] = []
        while size > 1 and pool:
            n, step = pool.pop()
            taken = gcd(n, size)
            if taken < n:
                if taken < size:  # the boundaries cross: no shape of ours says which element sits where
                    flat = collapse(span, range(len(old)))
                    return flat._replace(dims=tuple(((n, 0),) for n in shape))
                pool.append((n // taken, step * taken))
            atoms.insert(0, (taken, step))
            size //= taken
        middle.insert(0, normal(atoms))
    return span._replace(dims=(*span.dims[:head], *middle, *span.dims[len(old) - tail :]))


def align(span: Span, shape: Sequence[int]) -> Span:
    """Broadcast to ``shape``: what is repeated sees the same wherever it is repeated."""
    missing = len(shape) - len(span.dims)
    dims = [((n, 0),) for n in shape[:missing]]
    dims += [
        dim if dim_size(dim) == n else ((n, 0),) for dim, n in zip(span.dims, shape[missing:], strict=True)
    ]
    return span._replace(dims=tuple(dims))


def merge(a: Span, b: Span) -> Span:
    """A value made from both (spans of equal shape)."""
    if all(p == q or dim_size(p) == 1 for p, q in zip(a.dims, b.dims, strict=True)):
        common = b.common if a.common is None else union(a.common, b.common)
        return Span(min(a.lo, b.lo), max(a.hi, b.hi), a.dims, common)
    if not any(map(moves, a.dims)):
        a, b = b, a
    return a._replace(common=union(hull(b), a.common))


def combine(parts: Sequence[Fields | None]) -> Fields | None:
    if any(part is UNKNOWN for part in parts):
        return UNKNOWN
    out: Fields = {}
    for part in parts:
        for axis, span in part.items():
            out[axis] = merge(out[axis], span) if axis in out else span
    return out
