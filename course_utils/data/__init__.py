"""Data sets that come with the course, and downloads that can be trusted.

Nothing here touches the network on import. :func:`fashion_mnist` and :func:`stamps` read files shipped in the
package; :func:`download` is the only way anything is fetched, and only when called.
"""

from course_utils.data.download import DownloadError, cache_folder, download
from course_utils.data.fashion_mnist import FASHION_MNIST_CLASSES, LabelledImages, fashion_mnist
from course_utils.data.resize import resize
from course_utils.data.stamps import Cutouts, compose, stamp_credits, stamp_cutouts, stamps

__all__ = [
    "FASHION_MNIST_CLASSES",
    "Cutouts",
    "DownloadError",
    "LabelledImages",
    "cache_folder",
    "compose",
    "download",
    "fashion_mnist",
    "resize",
    "stamp_credits",
    "stamp_cutouts",
    "stamps",
]
