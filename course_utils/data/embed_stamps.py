"""Make ``stamps.npy.xz`` from the files of Debian's package ``tuxpaint-stamps-default``.

    apt-get download tuxpaint-stamps-default
    dpkg -x tuxpaint-stamps-default_2022.06.04-1_all.deb unpacked
    python -m course_utils.data.embed_stamps unpacked/usr/share/tuxpaint/stamps

Needs Pillow, to read PNG files. Which pictures and why: ``stamps.selection.toml``. Each is cut to what its
matte lets through and shrunk to at most 128 pixels on the longer side; none is enlarged. A third of every
class, drawn with a fixed seed, is the test split.

The file is six ``.npy`` arrays in one ``.xz``: class names, picture names, labels, test flags, sizes, and the
bytes of all pictures, one after another. LZMA told that a pixel has four bytes makes 2.5 MB of the 7.6; one
colour after another gives the same, with PNG's predictors first 2.1 to 2.3. The plain bytes need no code to
undo.
"""

import argparse
import io
import lzma
import tomllib
from importlib import resources
from pathlib import Path

import numpy as np

from course_utils.data.resize import resize
from course_utils.data.stamps import EMBEDDED

SELECTION = resources.files("course_utils.data") / "stamps.selection.toml"
LONGEST = 128  # pixels
FAINT = 32  # rows and columns at the rim with no alpha above this are cut off
TEST_SHARE = 1 / 3
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 2, "lp": 2, "pb": 2}]


def chosen(root: Path) -> dict[str, list[str]]:
    """Class -> names of the kept pictures, sorted. Every picture in a class's folders must be decided on."""
    selection = tomllib.loads(SELECTION.read_text(encoding="utf-8"))
    kept = [name for entry in selection["kept"] for name in entry["files"]]
    left_out = [name for entry in selection["left_out"] for name in entry["files"]]
    for entry in selection["left_out"]:
        left_out += [n for folder in entry.get("folders", []) for n in _pictures(root, folder)]
    found = {}
    for class_name, places in selection["classes"].items():
        found |= {name: class_name for place in places for name in _pictures(root, place)}
    listed = kept + left_out
    problems = {
        "in two lists": {name for name in listed if listed.count(name) > 1},
        "in no list": found.keys() - set(listed),
        "listed, but not there": set(listed) - found.keys(),
    }
    if any(problems.values()):
        raise ValueError("; ".join(f"{what}: {sorted(names)}" for what, names in problems.items() if names))
    return {c: sorted(name for name in kept if found[name] == c) for c in selection["classes"]}


def _pictures(root: Path, place: str) -> list[str]:
    """Names of the picture at ``place``, or of all pictures in that folder and below it."""
    files = [root / f"{place}.png"] if (root / f"{place}.png").is_file() else (root / place).rglob("*.png")
    return [file.relative_to(root).with_suffix("").as_posix() for file in files]


def cut_out(path: Path) -> np.ndarray:
    """(h, w, 4) uint8: the picture cut to its matte and shrunk."""
    from PIL import Image

    picture = np.asarray(Image.open(path).convert("RGBA")).copy()
    picture[picture[..., 3] == 0] = 0
    rows, cols = (np.flatnonzero((picture[..., 3] > FAINT).any(axis=axis)) for axis in (1, 0))
    picture = picture[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    scale = LONGEST / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return resize(picture, *(max(1, round(side * scale)) for side in picture.shape[:2]))


def test_flags(labels: np.ndarray) -> np.ndarray:
    """A third of every class, rounded, drawn with a fixed seed."""
    rng = np.random.Generator(np.random.PCG64(0))
    flags = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        flags[rng.permutation(members)[: round(len(members) * TEST_SHARE)]] = True
    return flags


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "stamps", type=Path, help="the folder usr/share/tuxpaint/stamps of the unpacked package"
    )
    parser.add_argument("--out", type=Path, default=Path(str(EMBEDDED)))
    arguments = parser.parse_args()
    classes = chosen(arguments.stamps)
    names = [name for names in classes.values() for name in names]
    labels = np.repeat(np.arange(len(classes), dtype=np.uint8), [len(names) for names in classes.values()])
    cutouts = [cut_out(arguments.stamps / f"{name}.png") for name in names]
    sizes = np.array([cutout.shape[:2] for cutout in cutouts], np.uint8)
    stream = io.BytesIO()
    pixels = np.concatenate([cutout.ravel() for cutout in cutouts])
    for array in (np.array(list(classes)), np.array(names), labels, test_flags(labels), sizes, pixels):
        np.save(stream, array, allow_pickle=False)
    data = lzma.compress(stream.getvalue(), check=lzma.CHECK_SHA256, filters=FILTERS)
    arguments.out.write_bytes(data)
    print(f"{arguments.out}: {len(names)} pictures, {len(data)} bytes")


if __name__ == "__main__":
    main()
