"""Fashion-MNIST: small photographs of clothes, 28 x 28 grey levels, ten classes.

A class-balanced fifth of it ships with the course, so every page and assignment runs without a network.
:mod:`course_utils.data.embed_fashion_mnist` made that file; its licence lies beside it.

Source: Xiao, Rasul and Vollgraf, *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
Algorithms*, arXiv:1708.07747 (2017).
"""

import functools
import gzip
import io
import lzma
import os
import struct
from importlib import resources
from pathlib import Path

import numpy as np

from course_utils.data.download import download
from course_utils.data.labelled import LabelledImages

EMBEDDED = resources.files("course_utils.data") / "fashion_mnist.npy.xz"

FASHION_MNIST_CLASSES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")  # Debian's package dataset-fashion-mnist
MIRRORS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
# split -> ((images, SHA-256), (labels, SHA-256)), the sums being those of the authors' files. Debian packs
# the same bytes anew, without gzip's name and date, so its files have other sums; its package manager and
# gzip's CRC vouch for them.
FILES = {
    "train": (
        ("train-images-idx3-ubyte.gz", "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        ("train-labels-idx1-ubyte.gz", "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
    ),
    "test": (
        ("t10k-images-idx3-ubyte.gz", "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        ("t10k-labels-idx1-ubyte.gz", "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
}


def fashion_mnist(
    split: str,
    full: bool = False,
    *,
    folder: str | os.PathLike | None = None,
    progress: bool = True,
) -> LabelledImages:
    """Images of clothes and their classes.

    >>> images, labels, names = fashion_mnist("test")
    >>> images.shape, images.dtype, labels.shape, labels.dtype
    ((2000, 1, 28, 28), dtype('uint8'), (2000,), dtype('int64'))
    >>> names[labels[0]]
    'ankle boot'

    Parameters
    ----------
    split
        ``"train"`` or ``"test"``.
    full
        ``False``: the embedded images, 10,000 for training and 2,000 for testing. They are the first of
        each class in the original files, dealt so that every ten in a row hold each class once: the first
        500 are as balanced as all of them.
        ``True``: all 60,000 or 10,000 in their original order, from ``folder``, from the files of Debian's
        package ``dataset-fashion-mnist`` where it is installed, or else downloaded (29 MiB in all) with
        :func:`course_utils.data.download`.
    folder
        With ``full``: where the four original ``.gz`` files are, or shall go.
    progress
        With ``full``: show a bar while downloading.

    Returns
    -------
    LabelledImages
        ``images`` (N, 1, 28, 28) uint8, ``labels`` (N,) int64, ``class_names`` (ten strings). The arrays
        are the caller's own to change.

    Raises
    ------
    ValueError
        ``split`` is neither of the two.
    DownloadError
        With ``full``: the files are not here and could not be fetched.
    """
    if split not in FILES:
        raise ValueError(f"split is {split!r}; it is 'train' or 'test'")
    if full:
        paths = [_original(name, sha256, folder, progress) for name, sha256 in FILES[split]]
        images, labels = (read_idx(path) for path in paths)
    else:
        stream = io.BytesIO(_embedded_bytes())
        arrays = [np.load(stream, allow_pickle=False) for _ in range(4)]
        images, labels = arrays[:2] if split == "train" else arrays[2:]
    return LabelledImages(images[:, np.newaxis], labels.astype(np.int64), FASHION_MNIST_CLASSES)


@functools.lru_cache(maxsize=1)
def _embedded_bytes() -> bytes:
    """Four ``.npy`` arrays one after another: train images, train labels, test images, test labels."""
    return lzma.decompress(EMBEDDED.read_bytes())


def _original(name: str, sha256: str, folder: str | os.PathLike | None, progress: bool) -> Path:
    """One of the four original files: Debian's copy if there is one, or else from the web."""
    if folder is None and (debian := DEBIAN_FOLDER / name).is_file():
        return debian
    return download(
        [mirror + name for mirror in MIRRORS], sha256, name=name, folder=folder, progress=progress
    )


def read_idx(path: str | os.PathLike) -> np.ndarray:
    """The uint8 array in a gzipped IDX file, the format of MNIST: big-endian sizes, then the values."""
    with gzip.open(path) as file:
        data = file.read()
    zeros, kind, ndim = struct.unpack_from(">HBB", data)
    if zeros != 0 or kind != 8:
        raise ValueError(f"{path} is not an IDX file of unsigned bytes: it begins with {data[:4].hex()}")
    shape = struct.unpack_from(f">{ndim}I", data, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * ndim).reshape(shape).copy()
