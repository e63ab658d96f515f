"""What each family of ATen operations does to receptive fields.

A rule takes a :class:`Call` and returns the fields of its output, or a list of fields for several outputs.
`rule_for` finds the rule of an operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import gcd
from typing import Any, NamedTuple

import torch

from .spans import (
    UNKNOWN,
    Fields,
    Span,
    align,
    collapse,
    combine,
    dim_size,
    hull,
    linear,
    moves,
    normal,
    replace,
    resample,
    reshape,
    share,
    slide,
)
from .tensors import tensors_in


class Call(NamedTuple):
    """An operation, its arguments by name and its outputs, and where to look up the operands' fields."""

    name: str
    args: dict[str, Any]
    outs: list[torch.Tensor]
    of: Callable[[torch.Tensor], Fields | None]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.outs[0].shape)

    def fields(self, name: str) -> Fields | None:
        value = self.args.get(name)
        return self.of(value) if isinstance(value, torch.Tensor) else {}

    def map(self, name: str, change: Callable[[Span], Span]) -> Fields | None:
        fields = self.fields(name)
        return fields if not fields else {axis: change(span) for axis, span in fields.items()}

    def everywhere(self, *names: str) -> Fields | None:
        """What the operands ``names`` saw, seen by every element of the output."""
        flat = tuple(((n, 0),) for n in self.shape)
        return combine([self.map(name, lambda s: Span(*hull(s), flat)) for name in names])


def _per_axis(value: Any, count: int) -> list[int]:
    """An int-list argument of a kernel op, one entry per spatial dimension (ATen shortens equal ones)."""
    values = list(value) if isinstance(value, Sequence) else [value]
    return values * count if len(values) == 1 else values


def _pointwise(call: Call):
    tensors = tensors_in(call.args)
    parts = [call.of(t) for t in tensors]
    if any(part is UNKNOWN for part in parts):
        return UNKNOWN
    return combine([{axis: align(span, call.shape) for axis, span in part.items()} for part in parts])


def _same(call: Call):
    return call.map(next(iter(call.args)), lambda s: s)


def _nothing(call: Call):
    return {}


def _copy_into(call: Call):
    return call.map("src", lambda s: align(s, call.shape))


def _convolution(call: Call):
    weight = call.args["weight"]
    count = weight.dim() - 2
    stride, padding, dilation = (
        _per_axis(call.args[key], count) for key in ("stride", "padding", "dilation")
    )

    def change(span: Span) -> Span:
        span = collapse(span, [1])
        for i in range(count):
            k, s, p, d, out = weight.shape[2 + i], stride[i], padding[i], dilation[i], call.shape[2 + i]
            if call.args["transposed"]:
                # Output o collects the inputs (o + p - d t) / s that are whole: every m-th tap t. Which taps
                # those are depends on o mod s; the widest of the s windows counts.
                m = s // gcd(s, d)
                extent = Fraction((-(-k // m) - 1) * m * d, s)
                first = Fraction(2 * p - (k - 1) * d, 2 * s) - extent / 2
                span = slide(span, 2 + i, out, first=first, extent=extent, stride=Fraction(1, s))
            else:
                span = slide(span, 2 + i, out, first=-p, extent=(k - 1) * d, stride=s)
        return span._replace(dims=replace(span.dims, 1, ((call.shape[1], 0),)))

    return combine([call.map("input", change), call.everywhere("weight", "bias")])


def _pool(call: Call):
    count = next(int(c) for c in call.name if c.isdigit())
    kernel = _per_axis(call.args["kernel_size"], count)
    stride = _per_axis(call.args["stride"] or kernel, count)
    padding = _per_axis(call.args["padding"], count)
    dilation = _per_axis(call.args.get("dilation", 1), count)
    averages = call.name.startswith("avg")

    def change(span: Span) -> Span:
        for i in range(count):
            d = len(span.dims) - count + i
            out, n = call.shape[d], dim_size(span.dims[d])
            if averages and out == 1 and padding[i] == 0 and n == kernel[i] > 2:  # a head's global average
                span = collapse(span, [d])
                span = span._replace(dims=replace(span.dims, d, ((1, 0),)))
            else:
                extent = (kernel[i] - 1) * dilation[i]
                span = slide(span, d, out, first=-padding[i], extent=extent, stride=stride[i])
        return span

    fields = call.map(next(iter(call.args)), change)
    return [fields] * len(call.outs)


def _adaptive_pool(call: Call):
    count = next(int(c) for c in call.name if c.isdigit())

    def change(span: Span) -> Span:
        for d in range(len(span.dims) - count, len(span.dims)):
            n, out = dim_size(span.dims[d]), call.shape[d]
            if out == 1:
                span = collapse(span, [d])
                span = span._replace(dims=replace(span.dims, d, ((1, 0),)))
            elif out != n:
                taps = max(-(-(i + 1) * n // out) - i * n // out for i in range(out))
                span = resample(span, d, out, taps)
        return span

    fields = call.map("self", change)
    return [fields] * len(call.outs)


def _upsample(call: Call):
    count = len(call.shape) - 2
    taps = 1 if "nearest" in call.name else 4 if "bicubic" in call.name else 2
    corners = bool(call.args.get("align_corners"))

    def change(span: Span) -> Span:
        for d in range(2, 2 + count):
            n, out = dim_size(span.dims[d]), call.shape[d]
            if n == out:
                continue
            if n == 1:
                span = collapse(span, [d])
                span = span._replace(dims=replace(span.dims, d, ((out, 0),)))
            elif corners:
                span = resample(span, d, out, taps, Fraction(n - 1, max(out - 1, 1)), Fraction(0))
            else:
                span = resample(span, d, out, min(taps, n))
        return span

    return call.map(next(iter(call.args)), change)


def _pad(call: Call):
    pad = list(call.args.get("pad") or call.args["padding"])

    def change(span: Span) -> Span:
        for i in range(len(pad) // 2):
            d = len(span.dims) - 1 - i
            span = slide(span, d, call.shape[d], first=-pad[2 * i], extent=0, stride=1)
        return span

    return call.map("self", change)


def _reduce(call: Call):
    dim = call.args.get("dim")

    def change(span: Span) -> Span:
        rank = len(span.dims)
        dims = {d % rank for d in ([dim] if isinstance(dim, int) else dim or range(rank))} if rank else set()
        span = collapse(span, sorted(dims))
        if call.args.get("keepdim"):
            return span._replace(dims=tuple(((1, 0),) if d in dims else x for d, x in enumerate(span.dims)))
        return span._replace(dims=tuple(x for d, x in enumerate(span.dims) if d not in dims))

    fields = call.map("self", change)
    return [fields] * len(call.outs)


def _along_dim(call: Call):
    """Same shape, every index of ``dim`` mixed with every other (softmax, cumulative sums, sorting)."""
    dim = call.args.get("dim", -1)
    fields = call.map("self", lambda s: share(s) if s.dims and moves(s.dims[dim]) else s)
    return [fields] * len(call.outs)


def _normalise(call: Call):
    """Layer and group norm: mean and variance over a block of dimensions reach every value of it."""
    first = len(call.shape) - len(call.args["normalized_shape"]) if "normalized_shape" in call.args else 1
    return call.map("input", lambda s: share(s) if any(map(moves, s.dims[first:])) else s)


def _batch_norm(call: Call):
    """A constant scale and shift per channel, as at test time. Without running statistics (instance norm) the
    picture's own mean and variance are used, so that each value sees the whole map."""
    if call.args.get("running_mean") is None:
        return call.map("input", share)
    return call.map("input", lambda s: s)


def _view(call: Call):
    return call.map("self", lambda s: reshape(s, call.shape))


def _restride(call: Call):
    """Another memory order for the same shape (pooling does that to tensors of one pixel); else unknown."""
    same = all(tuple(map(dim_size, s.dims)) == call.shape for s in (call.fields("self") or {}).values())
    return call.map("self", lambda s: s) if same else UNKNOWN


def _expand(call: Call):
    return call.map("self", lambda s: align(s, call.shape))


def _repeat(call: Call):
    def change(span: Span) -> Span:
        span = align(span, [1] * (len(call.shape) - len(span.dims)) + [dim_size(x) for x in span.dims])
        repeats = call.args["repeats"]
        dims = (normal(((r, 0), *dim)) if r > 1 else dim for r, dim in zip(repeats, span.dims, strict=True))
        return span._replace(dims=tuple(dims))

    return call.map("self", change)


def _permute(call: Call):
    def change(span: Span) -> Span:
        rank = len(span.dims)
        if call.name == "permute":
            order = [d % rank for d in call.args["dims"]]
        else:
            order = list(range(rank))
            if rank:
                a, b = (
                    (call.args.get("dim0", 0) % rank, call.args.get("dim1", 1) % rank) if rank > 1 else (0, 0)
                )
                order[a], order[b] = order[b], order[a]
        return span._replace(dims=tuple(span.dims[d] for d in order))

    return call.map("self", change)


def _unsqueeze(call: Call):
    d = call.args["dim"] % len(call.shape)
    return call.map("self", lambda s: s._replace(dims=(*s.dims[:d], ((1, 0),), *s.dims[d:])))


def _squeeze(call: Call):
    dim = call.args.get("dim")

    def change(span: Span) -> Span:
        rank = len(span.dims)
        chosen = range(rank) if dim is None else [dim] if isinstance(dim, int) else dim
        gone = {d % rank for d in chosen if dim_size(span.dims[d]) == 1}
        return span._replace(dims=tuple(x for d, x in enumerate(span.dims) if d not in gone))

    return call.map("self", change)


def _take(span: Span, d: int, start: int, out: int, step: int = 1) -> Span:
    """Indices start, start + step, ... of dimension ``d``."""
    if len(span.dims[d]) > 1 and out != dim_size(span.dims[d]):
        if len(span.dims[d]) == 2 and step == 1 and not span.dims[d][0][1] and out <= span.dims[d][1][0]:
            inner = span.dims[d][1]  # one run inside a block: the outer part stands still
            return slide(
                span._replace(dims=replace(span.dims, d, (inner,))), d, out, first=0, extent=0, stride=1
            )
        span = linear(span, d)[0]
    if len(span.dims[d]) > 1:
        return span
    return slide(span, d, out, first=start, extent=0, stride=step)


def _slice(call: Call):
    d = call.args["dim"]

    def change(span: Span) -> Span:
        n = dim_size(span.dims[d])
        start = call.args.get("start") or 0
        start = max(0, min(n, start + n if start < 0 else start))
        return _take(span, d % len(span.dims), start, call.shape[d], call.args["step"])

    return call.map("self", change)


def _select(call: Call):
    d = call.args["dim"]

    def change(span: Span) -> Span:
        at = d % len(span.dims)
        span = _take(span, at, call.args["index"] % dim_size(span.dims[at]), 1)
        return span._replace(dims=replace(span.dims, at))

    return call.map("self", change)


def _split(call: Call):
    dim, start, results = call.args["dim"], 0, []
    for out in call.outs:
        size = out.shape[dim]
        results.append(call.map("self", lambda s, a=start, n=size: _take(s, dim % len(s.dims), a, n)))
        start += size
    return results


def _unbind(call: Call):
    def change(span: Span, index: int) -> Span:
        at = call.args["dim"] % len(span.dims)
        return (span := _take(span, at, index, 1))._replace(dims=replace(span.dims, at))

    return [call.map("self", lambda s, i=i: change(s, i)) for i in range(len(call.outs))]


def _join(call: Call, fresh: bool):
    """Concatenation (``fresh``: stacking, along a new dimension). Along channels the result is the union."""
    dim = call.args["dim"] % len(call.shape)
    parts = []
    for tensor in call.args["tensors"]:
        fields = call.of(tensor)
        if fields is UNKNOWN:
            return UNKNOWN
        if tensor.dim() != len(call.shape) - fresh:  # torch lets empty 1-D tensors through
            continue
        spread = {}
        for axis, span in fields.items():
            if fresh:
                span = span._replace(dims=(*span.dims[:dim], ((1, 0),), *span.dims[dim:]))
            span = collapse(span, [dim])
            spread[axis] = span._replace(dims=replace(span.dims, dim, ((call.shape[dim], 0),)))
        parts.append(spread)
    return combine(parts)


def _concatenate(call: Call):
    return _join(call, fresh=False)


def _stack(call: Call):
    return _join(call, fresh=True)


def _flip(call: Call):
    def change(span: Span) -> Span:
        for d in call.args["dims"]:
            at = d % len(span.dims)
            last = dim_size(span.dims[at]) - 1
            span = slide(span, at, last + 1, first=last, extent=0, stride=-1)
        return span

    return call.map("self", change)


def _roll(call: Call):
    dims = call.args["dims"] or range(len(call.shape))
    return call.map("self", lambda s: share(s) if any(moves(s.dims[d]) for d in dims) else s)


def _index_select(call: Call):
    def change(span: Span) -> Span:
        d = call.args["dim"] % len(span.dims)
        span = collapse(span, [d])
        return span._replace(dims=replace(span.dims, d, ((call.shape[d], 0),)))

    return call.map("self", change)


def _unfold(call: Call):
    size, stride = call.args["size"], call.args["step"]

    def change(span: Span) -> Span:
        d = call.args["dimension"] % len(span.dims)
        span, step = linear(span, d)
        span = slide(span, d, call.shape[d], first=0, extent=0, stride=stride)
        return span._replace(dims=(*span.dims, ((size, step),)))

    return call.map("self", change)


def _im2col(call: Call):
    kernel, padding, stride, dilation = (
        _per_axis(call.args[key], 2) for key in ("kernel_size", "padding", "stride", "dilation")
    )

    def change(span: Span) -> Span:
        sizes, steps = [], []
        for i, d in enumerate((2, 3)):
            span, step = linear(span, d)
            n = (dim_size(span.dims[d]) + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1
            span = slide(span, d, n, first=-padding[i], extent=0, stride=stride[i])
            sizes.append(n)
            steps.append(step)
        channel = (*span.dims[1], *((k, s * d) for k, s, d in zip(kernel, steps, dilation, strict=True)))
        place = tuple((n, span.dims[d][0][1]) for n, d in zip(sizes, (2, 3), strict=True))
        return span._replace(dims=(span.dims[0], normal(channel), normal(place)))

    return call.map("self", change)


def _pixel_shuffle(call: Call):
    r = call.args["upscale_factor"]

    def change(span: Span) -> Span:
        rank = len(span.dims)
        span = collapse(span, [rank - 3])
        channel = ((dim_size(span.dims[-3]) // r**2, 0),)
        return span._replace(
            dims=(*span.dims[:-3], channel, *(normal((*dim, (r, 0))) for dim in span.dims[-2:]))
        )

    return call.map("self", change)


def _pixel_unshuffle(call: Call):
    r = call.args["downscale_factor"]

    def change(span: Span) -> Span:
        channel = list(span.dims[-3])
        for d in (-2, -1):
            at = len(span.dims) + d
            span, step = linear(span, at)
            span = slide(span, at, call.shape[d], first=0, extent=0, stride=r)
            channel.append((r, step))
        return span._replace(dims=(*span.dims[:-3], normal(channel), *span.dims[-2:]))

    return call.map("self", change)


def _matmul(call: Call):
    """(…, rows, k) times (…, k, columns), plus a bias for the add- forms."""
    a, b = (
        ("mat1", "mat2")
        if "mat1" in call.args
        else ("batch1", "batch2")
        if "batch1" in call.args
        else ("self", "mat2")
    )
    batch = call.shape[:-2]

    def left(span: Span) -> Span:
        span = collapse(span, [len(span.dims) - 1])
        return span._replace(dims=(*span.dims[:-1], ((call.shape[-1], 0),)))

    def right(span: Span) -> Span:
        span = collapse(span, [len(span.dims) - 2])
        return span._replace(dims=(*span.dims[: len(batch)], ((call.shape[-2], 0),), span.dims[-1]))

    bias = {} if a == "self" else call.map("self", lambda s: align(s, call.shape))
    return combine([call.map(a, left), call.map(b, right), bias])


def _vector_product(call: Call):
    return call.everywhere(*(name for name, value in call.args.items() if isinstance(value, torch.Tensor)))


def _attention(call: Call):
    """Each query sees itself and every key and value."""
    query = call.map("query", lambda s: align(collapse(s, [len(s.dims) - 1]), call.shape))
    return combine([query, call.everywhere("key", "value")])


_FAMILIES: dict[Callable[[Call], Any], str] = {
    _same: """detach alias clone _to_copy lift_fresh contiguous native_dropout bernoulli log_sigmoid_forward
        rrelu_with_noise tril triu hardswish hardswish_ hardsigmoid hardsigmoid_""",
    _nothing: """bernoulli_ fill_ zero_ uniform_ normal_ exponential_ random_ empty_like zeros_like ones_like
        full_like rand_like randn_like randint_like new_empty new_zeros new_ones new_full
        new_empty_strided""",
    _pointwise: "prelu _prelu_kernel",
    _copy_into: "copy_",
    _convolution: "convolution",
    _pool: "max_pool2d_with_indices max_pool3d_with_indices avg_pool2d avg_pool3d",
    _adaptive_pool: "_adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_max_pool2d adaptive_max_pool3d",
    _upsample: """upsample_nearest1d upsample_nearest2d upsample_nearest3d _upsample_nearest_exact1d
        _upsample_nearest_exact2d _upsample_nearest_exact3d upsample_linear1d upsample_bilinear2d
        upsample_trilinear3d upsample_bicubic2d""",
    _pad: """constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d
        replication_pad2d replication_pad3d""",
    _reduce: """mean sum amax amin max min var std var_mean std_mean logsumexp prod argmax argmin any all
        linalg_vector_norm norm median""",
    _along_dim: "_softmax _log_softmax _safe_softmax cumsum cumprod sort",
    _normalise: "native_layer_norm native_group_norm",
    _batch_norm: """native_batch_norm _native_batch_norm_legit _native_batch_norm_legit_no_training
        _batch_norm_with_update cudnn_batch_norm""",
    _view: "view _unsafe_view reshape _reshape_alias view_copy",
    _restride: "as_strided as_strided_",
    _expand: "expand",
    _repeat: "repeat",
    _permute: "permute transpose transpose_ t t_",
    _unsqueeze: "unsqueeze unsqueeze_",
    _squeeze: "squeeze squeeze_",
    _slice: "slice",
    _select: "select",
    _split: "split split_with_sizes unsafe_split unsafe_split_with_sizes",
    _unbind: "unbind",
    _concatenate: "cat",
    _stack: "stack",
    _flip: "flip",
    _roll: "roll",
    _index_select: "index_select",
    _unfold: "unfold",
    _im2col: "im2col",
    _pixel_shuffle: "pixel_shuffle",
    _pixel_unshuffle: "pixel_unshuffle",
    _matmul: "mm addmm bmm baddbmm",
    _vector_product: "mv addmv dot vdot",
    _attention: """_scaled_dot_product_flash_attention _scaled_dot_product_flash_attention_for_cpu
        _scaled_dot_product_efficient_attention _scaled_dot_product_cudnn_attention""",
}
_RULES = {name: rule for rule, names in _FAMILIES.items() for name in names.split()}

# These change the shape of a tensor that stays the same object: their rule needs the tensor as it was.
RESHAPED_IN_PLACE = {"as_strided_", "squeeze_", "unsqueeze_", "transpose_", "t_"}


def rule_for(func) -> Callable[[Call], Any] | None:
    """The rule of an ATen operation, None where there is none."""
    pointwise = _pointwise if torch.Tag.pointwise in func.tags else None
    return _RULES.get(func.overloadpacket.__name__, pointwise)
