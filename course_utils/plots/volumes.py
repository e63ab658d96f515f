"""Tensors drawn as boxes: channels go into the page, rows down, columns to the right."""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import CenteredNorm
from matplotlib.patches import FancyArrowPatch, Polygon
from matplotlib.patheffects import withStroke

from course_utils.arithmetic import output_size
from course_utils.plots.style import COLOURS, DIVERGING

SLANT = np.array([0.55, -0.42])  # where one unit of depth goes; the vertical axis points down


@dataclass(frozen=True)
class Volume:
    """Where a drawn (C, H, W) tensor lies, so that arrows and windows can find it."""

    corner: tuple[float, float]  #: top left corner of the front face
    depth: float
    height: float
    width: float

    def point(self, down=0.5, right=0.5, deep=0.0):
        """A point of the box; each coordinate goes from 0 (top, left, front) to 1."""
        return (
            np.array(self.corner)
            + np.array([right * self.width, down * self.height])
            + deep * self.depth * SLANT
        )

    @property
    def left(self):
        return self.point(right=0)

    @property
    def right(self):
        return self.point(right=1, deep=0.5)


def draw_volume(
    ax, corner, depth, height, width, *, colour="blue", label=None, slices=0, image=None, alpha=0.3
):
    """Draw a box and return its :class:`Volume`.

    Parameters
    ----------
    ax
        Axes whose vertical axis points down.
    corner
        Top left corner of the front face, (x, y).
    depth, height, width
        In the axes' units; need not be to the scale of the tensor.
    colour
        A name from ``COLOURS``.
    label
        Text below the box.
    slices
        Lines that part the depth into that many slices, for a stack of maps.
    image
        An (H, W, 3) picture, or an (H, W) activation map, to show on the front face.
    alpha
        How opaque the faces are.
    """
    box = Volume(tuple(corner), depth, height, width)
    edge = COLOURS[colour]
    front = [box.point(0, 0), box.point(0, 1), box.point(1, 1), box.point(1, 0)]
    top = [box.point(0, 0), box.point(0, 0, 1), box.point(0, 1, 1), box.point(0, 1)]
    side = [box.point(0, 1), box.point(0, 1, 1), box.point(1, 1, 1), box.point(1, 1)]
    for face, strength in ((top, 0.75), (side, 1.25), (front, 1.0)):
        ax.add_patch(Polygon(face, closed=True, fc=COLOURS["paper"], ec="none"))
        ax.add_patch(Polygon(face, closed=True, fc=edge, ec="none", alpha=min(1, alpha * strength)))
    if image is not None:
        x, y = corner
        limits = {"cmap": DIVERGING, "norm": CenteredNorm()} if np.ndim(image) == 2 else {}
        ax.imshow(image, extent=(x, x + width, y + height, y), zorder=1.5, **limits)
    for face in (top, side, front):
        ax.add_patch(Polygon(face, closed=True, fc="none", ec=edge, lw=1.1, joinstyle="round", zorder=2))
    for i in range(1, slices):
        path = np.array(
            [box.point(0, 0, i / slices), box.point(0, 1, i / slices), box.point(1, 1, i / slices)]
        )
        ax.plot(*path.T, color=edge, lw=0.9, zorder=2)
    if label:
        x, y = box.point(1, 0.5)
        ax.text(x, y + 0.25, label, ha="center", va="top", linespacing=1.35)
    return box


def draw_arrow(ax, start, end, label=None, colour="muted"):
    """A straight arrow between two points, with a text above its middle."""
    ax.add_patch(
        FancyArrowPatch(
            tuple(start), tuple(end), arrowstyle="-|>", mutation_scale=13, lw=1.5, color=COLOURS[colour],
            shrinkA=0, shrinkB=0, zorder=4,
        )
    )  # fmt: skip
    if label:
        middle = (np.array(start) + np.array(end)) / 2
        ax.text(*(middle - [0, 0.2]), label, ha="center", va="bottom", color=COLOURS["ink"])


def show_layer(input_shape, weight_shape, *, stride=1, padding=0, image=None, output=None):
    """A convolution layer as boxes: input, filters and biases, activation maps, with their shapes.

    One window of the input and the one number that it becomes are marked in the filters' colour.

    Parameters
    ----------
    input_shape
        (C_in, H, W).
    weight_shape
        (C_out, C_in, K_h, K_w).
    stride, padding
        Of the layer; they set the output's size.
    image
        The input itself, (3, H, W) floats in 0..1, to show on the front of its box.
    output
        The activation maps themselves, (C_out, H', W'); the first is shown on the front of their box.

    Returns
    -------
    matplotlib.figure.Figure
    """
    channels, height, width = input_shape
    filters, depth, kernel_height, kernel_width = weight_shape
    if depth != channels:
        raise ValueError(
            f"weight_shape {tuple(weight_shape)}: filters {depth} deep do not fit {channels} input channels"
        )
    rows, columns = output_size((height, width), (kernel_height, kernel_width), stride, padding)
    scale = 4.0 / max(height, width)

    fig, ax = plt.subplots(figsize=(7.4, 3.2))
    ax.set(xlim=(-0.2, 14.7), ylim=(5.7, -0.75), aspect="equal")
    ax.axis("off")

    picture = None if image is None else np.clip(np.transpose(image, (1, 2, 0)), 0, 1)
    volume = draw_volume(
        ax, (0, 0.6), 1.0, height * scale, width * scale, image=picture,
        label=f"input\n{channels} × {height} × {width}",
    )  # fmt: skip
    window = (0.25, 0.25 + kernel_height / height, 0.2, 0.2 + kernel_width / width)
    _draw_window(ax, volume, *window, through=True)

    shown = min(filters, 6)
    step, side = 4.0 / shown, min(0.5, 2.6 / shown)
    unit = side / max(kernel_height, kernel_width)
    for i in range(shown):
        kernel = draw_volume(
            ax, (6.6, 0.75 + i * step), 0.6, kernel_height * unit, kernel_width * unit,
            colour="vermilion", alpha=0.55,
        )  # fmt: skip
        x, y = kernel.right
        ax.text(x + 0.3, y + 0.1, "+ bias", va="center", fontsize=8.5, color=COLOURS["muted"])
    ax.text(
        7.3, 4.85, f"{filters} filters\n{depth} × {kernel_height} × {kernel_width}", ha="center", va="top",
        linespacing=1.35,
    )  # fmt: skip

    maps = draw_volume(
        ax, (10.1, 4.6 - rows * scale), max(0.6, min(1.8, 0.3 * filters)), rows * scale, columns * scale,
        colour="green", slices=shown, image=None if output is None else output[0],
        label=f"activation maps\n{filters} × {rows} × {columns}",
    )  # fmt: skip
    down, right = window[0] * height / stride / rows, window[2] * width / stride / columns
    _draw_window(ax, maps, down, down + 1 / rows, right, right + 1 / columns)
    draw_arrow(ax, (5.1, 2.6), (6.2, 2.6))
    draw_arrow(ax, (8.7, 2.6), (9.8, 2.6))
    return fig


def _draw_window(ax, volume, top, bottom, left, right, *, through=False):
    """A frame on the front of a volume; with ``through``, also dashed edges down to its back."""
    corners = [(top, left), (top, right), (bottom, right), (bottom, left), (top, left)]
    front = np.array([volume.point(*corner) for corner in corners])
    edges = [(front, 2.2, "-")]
    if through:
        back = np.array([volume.point(*corner, 1) for corner in corners])
        edges += [(edge, 1.2, (0, (2.5, 1.5))) for edge in (back, *np.stack([front, back], axis=1)[:4])]
    for edge, width, style in edges:
        halo = withStroke(linewidth=width + 0.9, foreground=COLOURS["paper"], alpha=0.7)
        ax.plot(*edge.T, color=COLOURS["vermilion"], lw=width, ls=style, zorder=3, path_effects=[halo])
