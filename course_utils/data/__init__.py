"""Data sets that come with the course, and downloads that can be trusted.

Nothing here touches the network on import. :func:`fashion_mnist` reads a file shipped in the package;
:func:`download` is the only way anything is fetched, and only when called.
"""

from course_utils.data.download import DownloadError, cache_folder, download
from course_utils.data.fashion_mnist import FASHION_MNIST_CLASSES, LabelledImages, fashion_mnist

__all__ = [
    "FASHION_MNIST_CLASSES",
    "DownloadError",
    "LabelledImages",
    "cache_folder",
    "download",
    "fashion_mnist",
]
