"""Small arrays drawn as grids of squares, with their numbers in them."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from course_utils.plots.style import COLOURS, DIVERGING


def draw_grid(ax, values, corner=(0.0, 0.0), cell=1.0, *, scale=None, title=None, fmt="{:g}", window=None):
    """Draw a matrix as squares with its numbers in them; row 0 is on top.

    Parameters
    ----------
    ax
        Axes whose vertical axis points down (see :func:`show_window`).
    values
        (rows, columns) array. NaN leaves a square empty.
    corner
        Where the top left corner lies, (x, y).
    cell
        Side of a square.
    scale
        Absolute value that gets the strongest colour; by default a little above the largest one.
    title
        A line of text above the grid.
    fmt
        How a number is written.
    window
        ``(row, column, height, width, colour)``: a frame around some squares.
    """
    values = np.asarray(values, dtype=float)
    columns = values.shape[1]
    scale = scale or strongest(values)
    colour_of, norm = colormaps[DIVERGING], Normalize(-scale, scale)
    x0, y0 = corner
    for (row, column), value in np.ndenumerate(values):
        empty = np.isnan(value)
        face = COLOURS["panel"] if empty else colour_of(norm(value))
        ax.add_patch(
            Rectangle((x0 + column * cell, y0 + row * cell), cell, cell, fc=face, ec=COLOURS["line"], lw=0.7)
        )
        if not empty:
            ax.text(
                x0 + (column + 0.5) * cell,
                y0 + (row + 0.5) * cell,
                fmt.format(value),
                ha="center",
                va="center",
                fontsize=10,
                color=readable_on(face),
            )
    if title:
        ax.text(x0 + columns * cell / 2, y0 - 0.35 * cell, title, ha="center", va="bottom")
    if window:
        row, column, height, width, colour = window
        ax.add_patch(
            Rectangle(
                (x0 + column * cell, y0 + row * cell),
                width * cell,
                height * cell,
                fc="none",
                ec=colour,
                lw=2.6,
                zorder=3,
            )
        )


def strongest(values):
    """A scale on which the largest number's colour is strong but not so dark that its digits drown."""
    return 1.35 * np.nanmax(np.abs(values), initial=0) or 1.0


def readable_on(face):
    """Black or white, whichever has the higher contrast to an RGB(A) colour."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in face[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if luminance > 0.179 else "white"


def show_window(image, kernel, output, row, column):
    """One dot product of a sliding window: the window on the image, the kernel, the sum in the output.

    Parameters
    ----------
    image, kernel
        (H, W) and (K_h, K_w) arrays; stride 1.
    output
        (H', W') array of the results so far; NaN for those to come.
    row, column
        The output square whose window is framed.

    Returns
    -------
    matplotlib.figure.Figure
    """
    image, kernel, output = (np.asarray(a, dtype=float) for a in (image, kernel, output))
    height = max(len(image), len(kernel), len(output))
    scale = max(strongest(image), strongest(output))
    gap, x = 1.6, 0.0
    fig, ax = plt.subplots(figsize=(7.2, 3.3))
    frame = (row, column, *kernel.shape, COLOURS["vermilion"])
    done = (row, column, 1, 1, COLOURS["vermilion"])
    whole = (0, 0, *kernel.shape, COLOURS["vermilion"])
    for array, title, box, sign in (
        (image, "input", frame, "∗"),
        (kernel, "kernel", whole, "="),
        (output, "output", done, None),
    ):
        y = (height - len(array)) / 2
        draw_grid(ax, array, (x, y), scale=None if array is kernel else scale, title=title, window=box)
        x += array.shape[1]
        if sign:
            ax.text(x + gap / 2, height / 2, sign, ha="center", va="center", fontsize=17)
            x += gap
    ax.set(xlim=(-0.2, x + 0.2), ylim=(height + 0.2, -1.1), aspect="equal")
    ax.axis("off")
    return fig
