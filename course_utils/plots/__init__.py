"""The course's figures: one style, colours that colour-blind readers can tell apart, light and dark pages.

>>> from course_utils import plots
>>> plots.use_style()                                   # once, at the top of a notebook

After that every matplotlib figure of the notebook is a vector drawing in the course's colours. The functions
here draw the pictures that recur: tensors as volumes, grids of numbers, images, activation maps, and blocks
and whole networks as their own code has them.
"""

from course_utils.plots.blocks import show_block
from course_utils.plots.grids import draw_grid, show_window
from course_utils.plots.images import show_images, show_maps
from course_utils.plots.networks import show_network
from course_utils.plots.style import COLOURS, DARK, LIGHT, use_style
from course_utils.plots.volumes import Volume, draw_arrow, draw_volume, show_layer
from course_utils.plots.windows import show_windows

__all__ = [
    "COLOURS",
    "DARK",
    "LIGHT",
    "Volume",
    "draw_arrow",
    "draw_grid",
    "draw_volume",
    "show_block",
    "show_images",
    "show_layer",
    "show_maps",
    "show_network",
    "show_window",
    "show_windows",
    "use_style",
]
