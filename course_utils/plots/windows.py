"""The windows of a layer over one axis of its input: who looks where, and what nobody looks at."""

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

from course_utils.arithmetic import dropped, output_size, window_span
from course_utils.plots.style import COLOURS

SQUARE = 0.36  # inches on paper
STEP = 0.62  # from one window to the next, in squares


def show_windows(*layers):
    """One row of pixels for each layer, and under it the windows from the first output to the last.

    Pixels are numbered, padding is empty. A pixel that no window looks at is crossed out.

    Parameters
    ----------
    layers
        Dictionaries of :func:`course_utils.arithmetic.output_size`'s whole-number arguments: ``input_size``,
        ``kernel`` and, where they matter, ``stride``, ``padding``, ``dilation``, ``ceil_mode``. They are
        drawn below one another.

    Raises
    ------
    ValueError
        No layer, or a kernel that does not fit.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if not layers:
        raise ValueError("there is nothing to show: give at least one layer")
    sizes = [output_size(**layer) for layer in layers]
    widths = [_reach(layer, size) for layer, size in zip(layers, sizes, strict=True)]
    height = sum(1.0 + 1.35 + STEP * size for size in sizes) + 0.5 * (len(layers) - 1)
    width = max(right - left for left, right in widths) + 2.0
    fig, ax = plt.subplots(figsize=(SQUARE * width, SQUARE * height))
    y = 0.0
    for layer, size, (left, _) in zip(layers, sizes, widths, strict=True):
        y = _draw(ax, layer, size, -left, y + 1.0) + 0.5
    ax.set(xlim=(-0.1, width - 0.1), ylim=(y - 0.4, -0.1), aspect="equal")
    ax.axis("off")
    return fig


def _reach(layer, size):
    """First square to draw and the one after the last: the padded input, and windows that hang over it."""
    padding = layer.get("padding", 0)
    last = (size - 1) * layer.get("stride", 1) - padding
    span = window_span(layer["kernel"], layer.get("dilation", 1))
    return -padding, max(layer["input_size"] + padding, last + span)


def _draw(ax, layer, size, zero, y):
    """Draw one layer with pixel 0 at x = ``zero``; returns where its last window ends."""
    pixels, padding = layer["input_size"], layer.get("padding", 0)
    stride, dilation = layer.get("stride", 1), layer.get("dilation", 1)
    unseen = dropped(**layer)
    extras = [f"{name} {layer[name]}" for name in ("stride", "padding", "dilation") if name in layer]
    ax.text(zero - padding, y - 0.3, ", ".join([f"kernel {layer['kernel']}", *extras]), va="bottom")
    for i in range(-padding, pixels + padding):
        inside = 0 <= i < pixels
        face, line = (COLOURS["panel"], "-") if inside else ("none", (0, (2, 2)))
        ax.add_patch(Rectangle((zero + i, y), 1, 1, fc=face, ec=COLOURS["line"], lw=0.8, ls=line))
        if inside:
            ax.text(zero + i + 0.5, y + 0.5, i, ha="center", va="center")
    for i in unseen:
        for ends in ((0.12, 0.88), (0.88, 0.12)):
            x = (zero + i + 0.12, zero + i + 0.88)
            ax.plot(x, [y + end for end in ends], color=COLOURS["vermilion"], lw=1.8)
    y += 1.35
    for window in range(size):
        first = zero + window * stride - padding
        middle = y + STEP / 2
        taps = [first + tap * dilation for tap in range(layer["kernel"])]
        ax.plot([taps[0] + 0.5, taps[-1] + 0.5], [middle] * 2, color=COLOURS["blue"], lw=1.2)
        for tap in taps:
            ax.add_patch(Rectangle((tap + 0.07, y + 0.07), 0.86, STEP - 0.14, fc=COLOURS["blue"], ec="none"))
        y += STEP
    return y
