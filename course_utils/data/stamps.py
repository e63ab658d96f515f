"""Stamps: 191 small colour photographs of things cut out of their background, in seven classes.

They come from the drawing program Tux Paint, by way of Debian's package ``tuxpaint-stamps-default``, and are
under the GPL or something freer: ``stamps.LICENSE.txt``, and picture by picture :func:`stamp_credits`. Too
few to learn from scratch, enough to see what features are worth; and since each carries its matte, it can
stand before any background, also one that gives the class away. :mod:`course_utils.data.embed_stamps` made
the file.
"""

import functools
import io
import lzma
import tomllib
from importlib import resources
from typing import NamedTuple

import numpy as np

from course_utils.data.labelled import LabelledImages
from course_utils.data.resize import resize

_FOLDER = resources.files("course_utils.data")
EMBEDDED = _FOLDER / "stamps.npy.xz"
SELECTION = _FOLDER / "stamps.selection.toml"
STAMP_SPLITS = ("train", "test", "all")


class Cutouts(NamedTuple):
    """Things cut out of their background; unpacks as ``cutouts, labels, class_names, names``."""

    cutouts: list[np.ndarray]  #: N arrays (h, w, 4) uint8: red, green, blue, alpha; at most 128 high and wide
    labels: np.ndarray  #: (N,) int64; an index into ``class_names``
    class_names: tuple[str, ...]
    names: tuple[str, ...]  #: where each lies in the package, as in "animals/birds/owl"


def stamp_cutouts(split: str = "all") -> Cutouts:
    """The stamps as they are: of different sizes, with their mattes.

    Nothing has been enlarged: 55 of them are less than 128 pixels long and 19 less than 64, most of those
    fruit and vegetables. A network that sees them at one large size can tell these classes by their blur.

    Parameters
    ----------
    split
        ``"train"``, ``"test"`` (a third of every class) or ``"all"``.

    Raises
    ------
    ValueError
        ``split`` is none of these.
    """
    if split not in STAMP_SPLITS:
        raise ValueError(f"split is {split!r}; it must be one of {STAMP_SPLITS}")
    class_names, names, labels, is_test, sizes, pixels = _embedded_arrays()
    ends = np.cumsum(sizes.astype(int).prod(axis=1) * 4)
    wanted = np.flatnonzero(is_test == (split == "test")) if split != "all" else np.arange(len(names))
    cutouts = [
        pixels[ends[i] - sizes[i].astype(int).prod() * 4 : ends[i]].reshape(*sizes[i], 4).copy()
        for i in wanted
    ]
    return Cutouts(
        cutouts,
        labels[wanted].astype(np.int64),
        tuple(class_names.tolist()),
        tuple(names[wanted].tolist()),
    )


def stamps(
    split: str, size: int = 64, *, background=255, margin: float = 0.0, seed: int = 0
) -> LabelledImages:
    """The stamps as square pictures, each as large as fits, in the middle of a background.

    >>> images, labels, names = stamps("test")
    >>> images.shape, images.dtype, len(names)
    ((63, 3, 64, 64), dtype('uint8'), 7)

    Parameters
    ----------
    split
        ``"train"``, ``"test"`` (a third of every class) or ``"all"``.
    size
        Side of the pictures in pixels.
    background
        What is behind: a grey level or a colour (red, green, blue) from 0 to 255, one picture (H, W) or (H,
        W, 3) of uint8 for all, or a list with a picture for each stamp. Of pictures a random square of the
        needed size is cut out for every stamp, so ``seed`` matters.
    margin
        How much of the side stays free on each side, from 0 to below 0.5.
    seed
        For what is cut out of the backgrounds.

    Returns
    -------
    LabelledImages
        ``images`` (N, 3, size, size) uint8, ``labels`` (N,) int64, ``class_names`` (seven strings).

    Raises
    ------
    ValueError
        An argument is none of these, or a background is smaller than ``size``.
    """
    cutouts, labels, class_names, _ = stamp_cutouts(split)
    if size < 1:
        raise ValueError(f"size is {size}; it must be at least 1")
    if not 0 <= margin < 0.5:
        raise ValueError(f"margin is {margin}; it must be from 0 to below 0.5")
    if isinstance(background, list) and any(np.ndim(behind) for behind in background):
        if len(background) != len(cutouts):
            raise ValueError(f"background is a list of {len(background)} pictures for {len(cutouts)} stamps")
        backgrounds = background
    else:
        backgrounds = [background] * len(cutouts)
    rng = np.random.default_rng(seed)
    images = np.empty((len(cutouts), 3, size, size), np.uint8)
    for image, cutout, behind in zip(images, cutouts, backgrounds, strict=True):
        image[:] = compose(cutout, _square(behind, size, rng), scale=1 - 2 * margin).transpose(2, 0, 1)
    return LabelledImages(images, labels, class_names)


def compose(stamp, background, *, scale: float = 1.0, center: tuple[float, float] = (0.5, 0.5)) -> np.ndarray:
    """Lay a cut-out on a background.

    Parameters
    ----------
    stamp
        (h, w, 4) uint8: red, green, blue and alpha. It is resized, its proportions kept.
    background
        (H, W) or (H, W, 3) uint8, a photograph or a texture, such as ``skimage.data.grass()``.
    scale
        How much of the background the stamp fills, where it fills most: at 1 it is as wide or as high.
    center
        Where the stamp's centre comes to lie, as shares of the background's height and width. What sticks out
        is cut off.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8: ``alpha * stamp + (1 - alpha) * background``, rounded.

    Raises
    ------
    TypeError, ValueError
        An array is of another kind, or ``scale`` is not above 0.
    """
    stamp, background = np.asarray(stamp), np.asarray(background)
    for name, array, fits, wanted in (
        ("stamp", stamp, stamp.ndim == 3 and stamp.shape[-1] == 4, "(h, w, 4)"),
        (
            "background",
            background,
            background.ndim == 2 or background.shape[2:] == (3,),
            "(H, W) or (H, W, 3)",
        ),
    ):
        if array.dtype != np.uint8:
            raise TypeError(f"{name} has dtype {array.dtype}; it must be uint8, from 0 to 255")
        if not fits or 0 in array.shape:
            raise ValueError(f"{name} has shape {array.shape}; it must be {wanted}")
    if not scale > 0:
        raise ValueError(f"scale is {scale}; it must be above 0")
    if background.ndim == 2:
        background = np.repeat(background[..., None], 3, axis=2)
    height, width = background.shape[:2]
    factor = scale * min(height / stamp.shape[0], width / stamp.shape[1])
    stamp = resize(stamp, max(1, round(stamp.shape[0] * factor)), max(1, round(stamp.shape[1] * factor)))
    top = round(center[0] * height - stamp.shape[0] / 2)
    left = round(center[1] * width - stamp.shape[1] / 2)
    rows = slice(*np.clip([top, top + stamp.shape[0]], 0, height))  # of the background, where both overlap
    cols = slice(*np.clip([left, left + stamp.shape[1]], 0, width))
    seen = stamp[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left].astype(np.float64)
    picture = background.copy()
    alpha = seen[..., 3:] / 255
    picture[rows, cols] = np.rint(alpha * seen[..., :3] + (1 - alpha) * picture[rows, cols])
    return picture


def stamp_credits() -> dict[str, tuple[str, str]]:
    """Whose each stamp is and under what licence: name -> (credit, licence)."""
    kept = tomllib.loads(SELECTION.read_text(encoding="utf-8"))["kept"]
    return {name: (entry["credit"], entry["license"]) for entry in kept for name in entry["files"]}


@functools.lru_cache(maxsize=1)
def _embedded_arrays() -> list[np.ndarray]:
    """Class names, names, labels, test flags, sizes (N, 2), and all pixels in one row."""
    stream = io.BytesIO(lzma.decompress(EMBEDDED.read_bytes()))
    return [np.load(stream, allow_pickle=False) for _ in range(6)]


def _square(background, size: int, rng) -> np.ndarray:
    """(size, size, 3) uint8 of one colour, or a random piece of a picture."""
    background = np.asarray(background)
    if background.shape in ((), (3,)):
        if background.dtype.kind not in "iu" or background.min() < 0 or background.max() > 255:
            raise ValueError(f"background is {background.tolist()}; levels must be integers from 0 to 255")
        return np.broadcast_to(background.astype(np.uint8), (size, size, 3))
    if background.ndim not in (2, 3) or min(background.shape[:2]) < size:
        raise ValueError(
            f"background has shape {background.shape}; it must be a level, a colour, "
            f"or a picture of at least {size}x{size}"
        )
    top = rng.integers(background.shape[0] - size + 1)
    left = rng.integers(background.shape[1] - size + 1)
    return background[top : top + size, left : left + size]
