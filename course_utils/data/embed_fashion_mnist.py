"""Make the embedded part of Fashion-MNIST from the original files.

    python -m course_utils.data.embed_fashion_mnist

Each split keeps the first 1,000 (train) or 200 (test) images of every class. They are dealt in rounds:
round r takes the r-th image of each class, and the ten stand in the order they have in the original.

The file is four ``.npy`` arrays in one ``.xz``. For these 9.4 MB, LZMA over the raw bytes with four bits of
literal context gives 4.46 MB; with PNG's Paeth predictor first 4.53, its other filters 4.6 to 4.9; bzip2
4.8; zlib 4.9 to 5.2. The plain bytes win, and need nothing but numpy and the standard library to read.
"""

import io
import lzma
from pathlib import Path

import numpy as np

from course_utils.data.fashion_mnist import EMBEDDED, fashion_mnist

PER_CLASS = {"train": 1000, "test": 200}
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0}]


def dealt(labels: np.ndarray, per_class: int) -> np.ndarray:
    """Indices, (classes * per_class,), of the first ``per_class`` examples of each class, in rounds."""
    classes = np.unique(labels)
    firsts = np.stack([np.flatnonzero(labels == c)[:per_class] for c in classes])  # (classes, per_class)
    return np.sort(firsts, axis=0).T.reshape(-1)


def embedded_arrays() -> list[np.ndarray]:
    """Train images, train labels, test images, test labels, as they are stored (uint8)."""
    arrays = []
    for split, per_class in PER_CLASS.items():
        images, labels, _ = fashion_mnist(split, full=True)
        chosen = dealt(labels, per_class)
        arrays += [images[chosen, 0], labels[chosen].astype(np.uint8)]
    return arrays


def main() -> None:
    stream = io.BytesIO()
    for array in embedded_arrays():
        np.save(stream, array, allow_pickle=False)
    path = Path(str(EMBEDDED))
    path.write_bytes(lzma.compress(stream.getvalue(), check=lzma.CHECK_SHA256, filters=FILTERS))
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
