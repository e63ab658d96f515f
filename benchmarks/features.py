"""HOG against scikit-image's on 512x512 photographs, in one process: ``python benchmarks/features.py``.

Both are called in turn, many times over, and the fastest call of each counts, so that other work on the
machine disturbs neither more than the other. The target: at least as fast as scikit-image, that is a ratio of
at least 1.
"""

import argparse
import os
import platform

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import skimage
from skimage import data, feature
from timing import best_of, processor

from course_utils.features import color_histogram, hog


def cases():
    """Name, ours, the peer's, for each comparison."""
    grey, colour = data.camera(), data.astronaut()
    assert grey.shape == (512, 512) and colour.shape == (512, 512, 3)
    for name, image, axis in (("grey", grey, None), ("colour", colour, -1)):
        for norm in ("L2-Hys", "L1"):
            yield (
                f"HOG, {name}, {norm}",
                lambda image=image, norm=norm: hog(image, norm=norm),
                lambda image=image, norm=norm, axis=axis: feature.hog(
                    image, block_norm=norm, cells_per_block=(3, 3), channel_axis=axis
                ),
            )
    yield (
        "HOG, grey, interpolated (peer: hard votes)",
        lambda: hog(grey, interpolate=True),
        lambda: feature.hog(grey, cells_per_block=(3, 3)),
    )
    yield (
        "colour histogram, 8x8x8 (peer: numpy.histogramdd)",
        lambda: color_histogram(colour),
        lambda: np.histogramdd(colour.reshape(-1, 3), (8, 8, 8), [(0, 256)] * 3),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30, help="calls of each function (default 30)")
    rounds = parser.parse_args().rounds
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, scikit-image {skimage.__version__}; "
        f"{processor()}; 512x512 uint8; best of {rounds}, interleaved\n"
    )
    print(f"{'':<50} {'ours/ms':>9} {'peer/ms':>9} {'peer/ours':>9}")
    for name, ours, peer in cases():
        a, b = best_of(rounds, ours, peer)
        print(f"{name:<50} {a * 1e3:>9.2f} {b * 1e3:>9.2f} {b / a:>9.2f}", flush=True)


if __name__ == "__main__":
    main()
