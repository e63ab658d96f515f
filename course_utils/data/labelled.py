"""What every labelled set of the course is handed out as."""

from typing import NamedTuple

import numpy as np


class LabelledImages(NamedTuple):
    """Images with their labels; unpacks as ``images, labels, class_names``."""

    images: np.ndarray  #: (N, C, H, W) uint8
    labels: np.ndarray  #: (N,) int64; an index into ``class_names``
    class_names: tuple[str, ...]
