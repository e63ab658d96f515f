"""Colours and matplotlib settings.

Figures are drawn for a light page. The book makes the dark variant of each by exchanging the colours of
``LIGHT`` for those of ``DARK`` in the SVG, so a colour that shall follow the page must come from ``LIGHT``.
Anything else (a photograph, a colour map) looks the same on both.
"""

import matplotlib as mpl
from cycler import cycler

# The six data colours have the hues of Okabe and Ito's set (https://jfly.uni-koeln.de/color/), spread out in
# lightness until no two look alike to colour-blind readers and each has a contrast of at least 3 to its page;
# text has at least 4.5 (WCAG 2.1).
LIGHT = {
    "paper": "#fffffe",
    "ink": "#1c2733",
    "muted": "#566473",
    "line": "#c3cbd4",
    "panel": "#eef1f5",
    "blue": "#005b96",
    "vermilion": "#d95f02",
    "green": "#00755a",
    "purple": "#b9649c",
    "ochre": "#5c3d00",
    "sky": "#2f9ad6",
}
DARK = {
    "paper": "#14181e",
    "ink": "#e8edf2",
    "muted": "#a3b0bd",
    "line": "#4a5562",
    "panel": "#232a33",
    "blue": "#3f9de0",
    "vermilion": "#f5762f",
    "green": "#22a37c",
    "purple": "#cf86b4",
    "ochre": "#ffe48a",
    "sky": "#a9ddff",
}
COLOURS = LIGHT  # what figures are drawn with
CYCLE = ("blue", "vermilion", "green", "purple", "ochre", "sky")

DIVERGING = "RdBu_r"  # zero is white, and red and blue stay apart for colour-blind readers
SEQUENTIAL = "viridis"

RC = {
    "figure.facecolor": LIGHT["paper"],
    "figure.dpi": 100,
    "figure.figsize": (7.0, 3.2),
    "figure.constrained_layout.use": True,
    "savefig.facecolor": LIGHT["paper"],
    "axes.facecolor": "none",
    "axes.edgecolor": LIGHT["muted"],
    "axes.labelcolor": LIGHT["ink"],
    "axes.titlecolor": LIGHT["ink"],
    "axes.titlesize": 11,
    "axes.labelsize": 10.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=[LIGHT[name] for name in CYCLE]),
    "axes.grid": False,
    "grid.color": LIGHT["line"],
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.8,
    "text.color": LIGHT["ink"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "font.size": 10.5,
    "image.cmap": SEQUENTIAL,
    "image.interpolation": "none",
    "svg.fonttype": "path",  # the reader's fonts cannot move a label
    "svg.hashsalt": "convnets-course",  # the same figure gives the same file
}


def use_style() -> None:
    """Give all figures of this process the course's look; in a notebook also show them as SVG."""
    mpl.rcParams.update(RC)
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None and "inline" in mpl.get_backend():
        set_matplotlib_formats("svg", metadata={"Date": None})
