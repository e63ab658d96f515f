"""Data sets that come with the course, and downloads that can be trusted.

Nothing here touches the network on import. :func:`fashion_mnist` and :func:`stamps` read files shipped in the
package; :func:`download` is the only way anything is fetched, and only when called.
"""

from course_utils.data.cifar10 import CIFAR10_CLASSES, cifar10
from course_utils.data.digits import digits
from course_utils.data.download import DownloadError, cache_folder, download
from course_utils.data.fashion_mnist import FASHION_MNIST_CLASSES, fashion_mnist
from course_utils.data.labelled import LabelledImages
from course_utils.data.resize import resize
from course_utils.data.scenes import SCENE_KINDS, scene_batches, scenes
from course_utils.data.stamps import Cutouts, compose, stamp_credits, stamp_cutouts, stamps

__all__ = [
    "CIFAR10_CLASSES",
    "FASHION_MNIST_CLASSES",
    "SCENE_KINDS",
    "Cutouts",
    "DownloadError",
    "LabelledImages",
    "cache_folder",
    "cifar10",
    "compose",
    "digits",
    "download",
    "fashion_mnist",
    "resize",
    "scene_batches",
    "scenes",
    "stamp_credits",
    "stamp_cutouts",
    "stamps",
]
