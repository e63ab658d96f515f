"""Scenes: drawn 32x32 colour pictures of which one knows what tells their class.

Each shows one thing on a dark, noisy background. The thing has a colour, a texture, a shape and a position,
four kinds of each. One (or several) of these is the cue, that is, the class; the others vary at random or
stay neutral. So an experiment can ask what a classifier goes by: let two cues agree in training and part them
in the test.

Nothing else gives the class away, as far as drawing can help it: colours are equally bright, textures cover
half the thing, shapes have the same area, and sizes, angles and phases are random.
"""

from collections.abc import Iterator

import numpy as np

from course_utils.data.labelled import LabelledImages

SIDE = 32  # pixels

# The last kind is the neutral one, shown where a property is neither a cue nor random.
SCENE_KINDS = {
    "color": ("red", "green", "blue", "ochre", "grey"),
    "texture": ("stripes across", "stripes down", "checks", "dots", "plain"),
    "shape": ("square", "triangle", "cross", "ring", "disc"),
    "position": ("upper left", "upper right", "lower left", "lower right", "middle"),
}
KINDS = 4
NEUTRAL = 4

# Of one brightness: 0.299 red + 0.587 green + 0.114 blue is 0.40 for all. None is ever lit beyond 1, nor so
# dark that the background could hide it.
_COLORS = np.array(
    [[0.78, 0.245, 0.201], [0.18, 0.553, 0.189], [0.34, 0.372, 0.701], [0.533, 0.406, 0.02], [0.4, 0.4, 0.4]]
)
_CENTERS = np.array([[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75], [0.5, 0.5]]) * SIDE  # y, x
_PERIOD = 4  # pixels of a texture
_AREA = 80.0  # square pixels of a thing of mean size


def scenes(n: int, cue="shape", nuisances=(), *, noise: float = 0.05, seed: int = 0) -> LabelledImages:
    """``n`` pictures whose class is carried by a chosen cue.

    >>> images, labels, names = scenes(100, "shape", ("color", "position"), seed=1)
    >>> images.shape, names
    ((100, 3, 32, 32), ('square', 'triangle', 'cross', 'ring'))

    Parameters
    ----------
    n
        How many. The first pictures of a seed are the same whatever ``n`` is.
    cue
        "color", "texture", "shape" or "position", or a tuple of several that then all tell the class.
    nuisances
        Properties that vary at random, whatever the class. What is neither stays neutral: a grey, a plain
        thing, a disc, or in the middle.
    noise
        Standard deviation of the noise on every pixel and channel, on a scale from 0 (black) to 1 (white).
    seed
        Another seed gives other pictures of the same kind.

    Returns
    -------
    LabelledImages
        ``images`` (n, 3, 32, 32) uint8, ``labels`` (n,) int64 from 0 to 3, and the four kinds of the (first)
        cue.

    Raises
    ------
    ValueError
        A property is unknown or both cue and nuisance, there is no cue, or ``n`` or ``noise`` is negative.
    """
    if n < 0:
        raise ValueError(f"n is {n}; it must be at least 0")
    size = min(max(n, 1), 500)  # pictures drawn at a time
    stream = scene_batches(size, cue, nuisances, noise=noise, seed=seed)
    batches = [next(stream) for _ in range(max(1, -(-n // size)))]
    return LabelledImages(
        np.concatenate([batch.images for batch in batches])[:n],
        np.concatenate([batch.labels for batch in batches])[:n],
        batches[0].class_names,
    )


def scene_batches(
    size: int, cue="shape", nuisances=(), *, noise: float = 0.05, seed: int = 0
) -> Iterator[LabelledImages]:
    """The same pictures as :func:`scenes` in batches of ``size``, without end."""
    cues = (cue,) if isinstance(cue, str) else tuple(cue)
    nuisances = (nuisances,) if isinstance(nuisances, str) else tuple(nuisances)
    if not cues:
        raise ValueError(f"cue is empty; it must be at least one of {tuple(SCENE_KINDS)}")
    for name, chosen in (("cue", cues), ("nuisances", nuisances)):
        for unknown in [c for c in chosen if c not in SCENE_KINDS]:
            raise ValueError(f"{name} has {unknown!r}; it must be of {tuple(SCENE_KINDS)}")
    if both := set(cues) & set(nuisances):
        raise ValueError(f"{sorted(both)} cannot be both cue and nuisance")
    if size < 1:
        raise ValueError(f"size is {size}; it must be at least 1")
    if not noise >= 0:
        raise ValueError(f"noise is {noise}; it must be at least 0")
    return _batches(size, cues, nuisances, noise, seed)


def _batches(size, cues, nuisances, noise, seed):
    # Two generators that each advance by the same amount a picture: batches of any size give the same
    # pictures.
    of_levels, of_pixels = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    while True:
        drawn = of_levels.random((size, 1 + len(SCENE_KINDS) + 8))
        labels = (drawn[:, 0] * KINDS).astype(np.int64)
        levels = {}
        for column, name in enumerate(SCENE_KINDS, start=1):
            if name in cues:
                levels[name] = labels
            elif name in nuisances:
                levels[name] = (drawn[:, column] * KINDS).astype(np.int64)
            else:
                levels[name] = np.full(size, NEUTRAL)
        pictures = _draw(levels, drawn[:, 1 + len(SCENE_KINDS) :])
        pictures += noise * of_pixels.standard_normal(pictures.shape)
        images = np.rint(np.clip(pictures, 0, 1) * 255).astype(np.uint8)
        yield LabelledImages(images, labels, SCENE_KINDS[cues[0]][:KINDS])


def _draw(levels, chance):
    """(n, 3, 32, 32) floats from 0 to 1: kinds as in ``levels``, the rest by (n, 8) numbers from 0 to 1."""
    chance = chance[:, :, None, None]
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    center = _CENTERS[levels["position"]][:, :, None, None] + 2 * chance[:, :2] - 1
    dy, dx = y - center[:, 0], x - center[:, 1]
    angle = np.radians(30 * chance[:, 2] - 15)
    dy, dx = dy * np.cos(angle) - dx * np.sin(angle), dy * np.sin(angle) + dx * np.cos(angle)
    scale = 0.85 + 0.3 * chance[:, 3]
    outside = _choose(levels["shape"], [shape(dy / scale, dx / scale) for shape in _SHAPES]) * scale
    cover = np.clip(0.5 - outside, 0, 1)

    across, down = (y + _PERIOD * chance[:, 4]) % _PERIOD, (x + _PERIOD * chance[:, 5]) % _PERIOD
    half = _PERIOD / 2
    from_dot = np.hypot(across - half, down - half)
    pattern = _choose(
        levels["texture"],
        [
            across < half,
            down < half,
            (across < half) ^ (down < half),
            from_dot < _PERIOD / np.sqrt(2 * np.pi),  # half the area
            np.full_like(across, 0.5),
        ],
    )
    brightness = (0.8 + 0.4 * pattern) * (0.95 + 0.1 * chance[:, 6])
    thing = _COLORS[levels["color"]][:, :, None, None] * brightness[:, None]
    background = 0.05 + 0.15 * chance[:, 7]
    return background[:, None] + cover[:, None] * (thing - background[:, None])


def _choose(kinds, options):
    """Picture by picture, the option of its kind."""
    return np.choose(kinds[:, None, None], [np.asarray(option, float) for option in options])


# Distance to the outline in pixels, negative inside; all of the same area.
def _square(y, x):
    return np.maximum(np.abs(y), np.abs(x)) - np.sqrt(_AREA) / 2


def _triangle(y, x):
    inradius = np.sqrt(_AREA / np.sqrt(27))
    return np.maximum(y, np.abs(x) * np.sqrt(0.75) - y / 2) - inradius


def _cross(y, x):
    arm = np.sqrt(0.45 * _AREA)  # three times as long as wide
    near, far = np.minimum(np.abs(y), np.abs(x)), np.maximum(np.abs(y), np.abs(x))
    return np.maximum(far - arm, near - arm / 3)


def _ring(y, x):
    outer = np.sqrt(_AREA / (0.75 * np.pi))  # twice the inner radius
    return np.abs(np.hypot(y, x) - 0.75 * outer) - 0.25 * outer


def _disc(y, x):
    return np.hypot(y, x) - np.sqrt(_AREA / np.pi)


_SHAPES = (_square, _triangle, _cross, _ring, _disc)
