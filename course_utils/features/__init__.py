"""Features made by hand, and the simple classifiers that learn from them: what came before ConvNets.

A picture here is one array (height, width) or (height, width, channels), as image readers and matplotlib have
it. Everything needs numpy alone but ``VisualWords`` and the pipelines, which bring in scikit-learn when first
asked for.
"""

import importlib

from course_utils.features.color import color_histogram, rgb_to_hsv
from course_utils.features.descent import descend
from course_utils.features.descriptors import fit_whitening, gradient_descriptors, pixel_descriptors
from course_utils.features.hog import hog, hog_cells, image_gradient, normalize_blocks
from course_utils.features.linear import linear_loss, linear_parameters, linear_scores
from course_utils.features.two_layer import two_layer_loss, two_layer_parameters, two_layer_scores
from course_utils.features.word_histograms import nearest_words, pyramid_histogram

_NEEDS_SCIKIT_LEARN = {
    "VisualWords": "visual_words",
    "Pixels": "pipelines",
    "ColorHistogram": "pipelines",
    "HOG": "pipelines",
    "image_classifier": "pipelines",
}

__all__ = [
    "color_histogram",
    "descend",
    "fit_whitening",
    "gradient_descriptors",
    "hog",
    "hog_cells",
    "image_gradient",
    "linear_loss",
    "linear_parameters",
    "linear_scores",
    "nearest_words",
    "normalize_blocks",
    "pixel_descriptors",
    "pyramid_histogram",
    "rgb_to_hsv",
    "two_layer_loss",
    "two_layer_parameters",
    "two_layer_scores",
    *_NEEDS_SCIKIT_LEARN,
]


def __getattr__(name):
    if name in _NEEDS_SCIKIT_LEARN:
        return getattr(importlib.import_module(f".{_NEEDS_SCIKIT_LEARN[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return __all__
