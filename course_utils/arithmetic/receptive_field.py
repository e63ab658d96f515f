"""What one output number of a chain of layers can see of the input.

Source: Araujo, Norris & Sim, *Computing receptive fields of convolutional neural networks*, Distill 2019.
"""

from dataclasses import dataclass

from course_utils.arithmetic.axes import as_pair, is_pair
from course_utils.arithmetic.sizes import MINIMA, _output_size

LAYER = ("kernel", "stride", "padding", "dilation")


@dataclass(frozen=True)
class ReceptiveField:
    """The receptive field of a chain of layers along one axis, in pixels of the input.

    size
        pixels that an output can depend on.
    jump
        pixels between the fields of neighbouring outputs: the product of the strides.
    padding
        how far the first output's field reaches over the edge: all the layers' paddings in input pixels.
    """

    size: int = 1
    jump: int = 1
    padding: int = 0

    @property
    def offset(self):
        """Centre of the first output's field: 0 is the first pixel, 0.5 lies between the first two."""
        return (self.size - 1) / 2 - self.padding

    def centre(self, index):
        """Centre of the field of output ``index``."""
        return self.offset + index * self.jump

    def span(self, index):
        """First and last pixel of the field of output ``index``, which may lie outside the input."""
        first = index * self.jump - self.padding
        return first, first + self.size - 1

    def overflow(self, index, input_size):
        """How many pixels of that field lie before and after the input: padding, always zero."""
        first, last = self.span(index)
        return min(self.size, max(0, -first)), min(self.size, max(0, last - input_size + 1))

    def through(self, kernel, stride=1, padding=0, dilation=1):
        """The field after one more layer."""
        return ReceptiveField(
            size=self.size + dilation * (kernel - 1) * self.jump,
            jump=self.jump * stride,
            padding=self.padding + padding * self.jump,
        )


def receptive_field(chain):
    """The receptive field of the last layer's outputs.

    ``chain`` lists the layers, first layer first: a kernel size, or ``(kernel, stride, padding, dilation)``
    with the tail left out where it is 1, 0, 1. Returns a :class:`ReceptiveField`, or a pair of them where a
    layer holds a pair ``(vertical, horizontal)``. Mind that ``(1, 7)`` is kernel 1 with stride 7: a 1x7
    kernel is ``((1, 7),)``.

    >>> receptive_field([3, 3, 3]).size                     # 1 + L (K - 1)
    7
    >>> receptive_field([(3, 2, 1), (3, 2, 1), (3, 2, 1)])  # with strides it grows geometrically
    ReceptiveField(size=15, jump=8, padding=7)
    """
    return receptive_fields(chain)[-1]


def receptive_fields(chain):
    """The receptive field before the first layer and after each one: a list, one longer than the chain.

    >>> [field.size for field in receptive_fields([(11, 4, 2), (3, 2), (5, 1, 2), (3, 2)])]
    [1, 11, 19, 51, 67]
    """
    layers, pairs = _read(chain)
    axes = []
    for axis in (0, 1):
        fields = [ReceptiveField()]
        for layer in layers:
            fields.append(fields[-1].through(**{name: pair[axis] for name, pair in layer.items()}))
        axes.append(fields)
    return list(zip(*axes, strict=True)) if pairs else axes[0]


def output_sizes(input_size, chain):
    """The input's size and the size after each layer: a list, one longer than the chain.

    >>> output_sizes(224, [(11, 4, 2), (3, 2), (5, 1, 2), (3, 2)])
    [224, 55, 27, 27, 13]

    Raises ValueError, naming the layer, where a kernel does not fit.
    """
    layers, pairs = _read(chain)
    pairs = is_pair("input_size", input_size) or pairs
    sizes = [as_pair("input_size", input_size, 1)]
    for number, layer in enumerate(layers, start=1):
        try:
            sizes.append(
                tuple(
                    _output_size(
                        sizes[-1][axis], **{name: pair[axis] for name, pair in layer.items()}, ceil_mode=False
                    )
                    for axis in (0, 1)
                )
            )
        except ValueError as error:
            raise ValueError(f"layer {number} of the chain: {error}") from None
    return sizes if pairs else [height for height, _ in sizes]


def _read(chain):
    """The chain as dictionaries of pairs, and whether any layer was given with a pair."""
    layers, pairs = [], False
    for number, entry in enumerate(chain, start=1):
        entry = entry if isinstance(entry, tuple | list) else (entry,)
        if not 1 <= len(entry) <= len(LAYER):
            raise ValueError(
                f"layer {number} of the chain must be a kernel or (kernel, stride, padding, dilation), "
                f"not {entry!r}"
            )
        given = {"stride": 1, "padding": 0, "dilation": 1} | dict(zip(LAYER, entry, strict=False))
        where = {name: f"{name} of layer {number}" for name in given}
        pairs = pairs or any(is_pair(where[name], value) for name, value in given.items())
        layers.append({name: as_pair(where[name], value, MINIMA[name]) for name, value in given.items()})
    return layers, pairs
