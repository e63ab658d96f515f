"""What a cell has drawn, as pictures. As in a notebook, a cell's figures are closed when it ends."""

from __future__ import annotations

import contextlib
import io
import math
import struct
import sys
from typing import Any

MOST = 8  # figures of a cell
MAX_BYTES = 1 << 20  # of a picture
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_DPI, _MAX_PIXELS = 72, 4_000_000
_MARGIN = 1.25  # a tight box is a little larger than the figure, at most


def acceptable(picture: Any) -> bool:
    """Whether this is what ``as_png`` could have made, by its first bytes: neither too many bytes nor, once
    a browser unpacks them, too many pixels.
    """
    if type(picture) is not bytes or not 24 <= len(picture) <= MAX_BYTES:
        return False
    width, height = struct.unpack(">II", picture[16:24])
    return picture.startswith(SIGNATURE + b"\0\0\0\rIHDR") and width * height <= _MARGIN * _MAX_PIXELS


def take_figures(wanted: bool) -> list[bytes]:
    """The open figures as PNG files, in the order of their numbers, if ``wanted``; closes them all."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return []
    pictures = []
    try:
        for number in pyplot.get_fignums()[:MOST] if wanted else ():
            with contextlib.suppress(Exception):  # one that cannot be drawn
                pictures.append(as_png(pyplot.figure(number)))
    finally:
        pyplot.close("all")
    return [picture for picture in pictures if acceptable(picture)]


def as_png(figure: Any) -> bytes:
    """A matplotlib figure as a notebook would show it."""
    file = io.BytesIO()
    width, height = figure.get_size_inches()
    dpi = min(_DPI, math.sqrt(_MAX_PIXELS / (width * height)))
    figure.savefig(file, format="png", dpi=dpi, bbox_inches="tight")
    return file.getvalue()
