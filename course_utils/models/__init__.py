"""The architectures of the lectures as PyTorch modules: one readable file a family, one registry.

>>> from course_utils import models
>>> model = models.create("resnet50", num_classes=10)
>>> models.entry("resnet50").error
"""

from .imagenet import imagenet_classes, preprocess, top_classes
from .network import Network
from .pretrained import load_pretrained
from .registry import Entry, Error, create, entry, names, register

__all__ = [
    "Entry",
    "Error",
    "Network",
    "create",
    "entry",
    "imagenet_classes",
    "load_pretrained",
    "names",
    "preprocess",
    "register",
    "top_classes",
]
