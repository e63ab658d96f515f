"""CIFAR-10: 60,000 colour photographs of 32 x 32 pixels in ten classes, by download.

Source: A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, technical report, University
of Toronto, 2009. Of its three archives this reads the binary one: plain bytes, where the Python one holds
pickles, which can run code.
"""

import os
import tarfile
from pathlib import Path

import numpy as np

from course_utils.data.download import download
from course_utils.data.labelled import LabelledImages

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"  # 162 MiB
SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"

CIFAR10_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

FOLDER = "cifar-10-batches-bin"
FILES = {"train": tuple(f"data_batch_{i}.bin" for i in range(1, 6)), "test": ("test_batch.bin",)}
_RECORD = 1 + 3 * 32 * 32  # bytes: the label, then the red, the green and the blue plane, row by row


def cifar10(
    split: str,
    *,
    folder: str | os.PathLike | None = None,
    progress: bool = True,
) -> LabelledImages:
    """CIFAR-10's 50,000 training or 10,000 test images, downloaded once (162 MiB).

    Parameters
    ----------
    split
        ``"train"`` or ``"test"``.
    folder
        Where ``cifar-10-binary.tar.gz`` is, or shall go; by default the user's cache.
    progress
        Show a bar while downloading.

    Returns
    -------
    LabelledImages
        ``images`` (N, 3, 32, 32) uint8, ``labels`` (N,) int64, ``class_names`` (ten strings).

    Raises
    ------
    ValueError
        ``split`` is neither of the two.
    DownloadError
        The file is not here and could not be fetched. Without a network, put it into ``folder``.
    """
    if split not in FILES:
        raise ValueError(f"split is {split!r}; it is 'train' or 'test'")
    return read_cifar10(download(URL, SHA256, folder=folder, progress=progress), split)


def read_cifar10(archive: str | os.PathLike, split: str) -> LabelledImages:
    """One split out of an archive in the format of ``cifar-10-binary.tar.gz``.

    Raises
    ------
    ValueError
        A file is missing, is not a whole number of records, or has a label above 9.
    """
    parts = []
    with tarfile.open(archive) as tar:
        for name in FILES[split]:
            try:
                data = tar.extractfile(f"{FOLDER}/{name}").read()
            except KeyError:
                raise ValueError(
                    f"{Path(archive).name} has no {FOLDER}/{name}: is it CIFAR-10's binary version?"
                ) from None
            if not data or len(data) % _RECORD:
                raise ValueError(f"{name} has {len(data)} bytes; it must be records of {_RECORD}")
            parts.append(np.frombuffer(data, np.uint8).reshape(-1, _RECORD))
    records = np.concatenate(parts)
    labels = records[:, 0].astype(np.int64)
    if labels.max() >= len(CIFAR10_CLASSES):
        raise ValueError(f"{Path(archive).name} has a label {labels.max()}; CIFAR-10 has classes 0 to 9")
    return LabelledImages(records[:, 1:].reshape(-1, 3, 32, 32).copy(), labels, CIFAR10_CLASSES)
