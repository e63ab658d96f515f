"""Parameters, multiply-adds and bytes of single layers.

One MAC is one multiplication and one addition: 2 FLOPs. Counts are for one image; a batch of N costs N times
the MACs and the same parameters. Adding a bias is not counted as a MAC, as in most papers and tools. Kernels
and sizes are whole numbers or pairs ``(vertical, horizontal)``.
"""

from math import prod

from course_utils.arithmetic.axes import as_pair, whole

BYTES = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "int64": 8,
    "int32": 4,
    "int8": 1,
    "uint8": 1,
}


def conv_params(in_channels, out_channels, kernel, groups=1, bias=True):
    """Weights ``(out, in // groups, K_h, K_w)`` and, with ``bias``, one number an output channel.

    >>> conv_params(3, 10, kernel=5)                        # 10 filters of 3x5x5: 76 numbers each
    760

    Raises ValueError where ``groups`` does not divide both channel counts.
    """
    return out_channels * _filter_size(in_channels, out_channels, kernel, groups) + (
        out_channels if bias else 0
    )


def conv_macs(in_channels, out_channels, kernel, output_size, groups=1):
    """A dot product with a filter for every output: ``out * H' * W' * (in // groups) * K_h * K_w`` MACs.

    >>> conv_macs(3, 64, kernel=11, output_size=55)         # AlexNet's first layer, one tower
    70276800
    """
    height, width = as_pair("output_size", output_size, 1)
    return out_channels * height * width * _filter_size(in_channels, out_channels, kernel, groups)


def linear_params(in_features, out_features, bias=True):
    """Weights ``(out, in)`` and, with ``bias``, one number an output.

    >>> linear_params(9216, 4096)                           # AlexNet's FC6
    37752832
    """
    return linear_macs(in_features, out_features) + (out_features if bias else 0)


def linear_macs(in_features, out_features):
    """One MAC a weight."""
    return whole("in_features", in_features, 1) * whole("out_features", out_features, 1)


def pool_ops(channels, kernel, output_size):
    """Comparisons (max) or additions (average) of a pooling layer: ``C * H' * W' * K_h * K_w``.

    Pooling has no parameters and no MACs; some tables list this count as its FLOPs.

    >>> pool_ops(64, kernel=3, output_size=27)              # AlexNet's first pooling, one tower
    419904
    """
    size = as_pair("output_size", output_size, 1)
    return whole("channels", channels, 1) * prod(size) * prod(as_pair("kernel", kernel, 1))


def norm_params(channels, affine=True):
    """A learned scale and shift a channel; none where ``affine`` is false (or for AlexNet's LRN)."""
    return 2 * whole("channels", channels, 1) if affine else 0


def norm_buffers(channels):
    """Batch normalisation's running mean and variance: saved, not learned (torch's step counter aside)."""
    return 2 * whole("channels", channels, 1)


def norm_macs(channels, output_size):
    """Batch normalisation at test time: one MAC a number, which can be folded into the layer before."""
    return whole("channels", channels, 1) * prod(as_pair("output_size", output_size, 1))


def flops(macs):
    """Floating-point operations of that many multiply-adds: two each."""
    return 2 * whole("macs", macs, 0)


def nbytes(shape, dtype="float32"):
    """Bytes of an array of that shape (or of that many numbers).

    >>> nbytes((96, 55, 55)), nbytes(1_000, "bfloat16")
    (1161600, 2000)
    """
    if dtype not in BYTES:
        raise ValueError(f"dtype must be one of {', '.join(BYTES)}, not {dtype!r}")
    sizes = shape if isinstance(shape, tuple | list) else (shape,)
    return prod(whole("shape", size, 0) for size in sizes) * BYTES[dtype]


def format_bytes(count):
    """A number of bytes for people, in units of 1024.

    >>> format_bytes(640), format_bytes(1161600), format_bytes(4 * 138357544)
    ('640 B', '1134.4 KiB', '527.8 MiB')
    """
    count = whole("count", count, 0)
    if count < 1024:
        return f"{count} B"
    # KiB up to 2 MiB and so on: feature maps of a few hundred KiB stay comparable at a glance.
    power = next(power for power in (1, 2, 3, 4) if count < 2 * 1024 ** (power + 1) or power == 4)
    return f"{count / 1024**power:.1f} {('KiB', 'MiB', 'GiB', 'TiB')[power - 1]}"


def _filter_size(in_channels, out_channels, kernel, groups):
    """Weights of one filter, which looks at ``in_channels // groups`` channels."""
    groups = whole("groups", groups, 1)
    for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
        if whole(name, channels, 1) % groups:
            raise ValueError(f"groups {groups} does not divide {name} {channels}")
    return in_channels // groups * prod(as_pair("kernel", kernel, 1))
