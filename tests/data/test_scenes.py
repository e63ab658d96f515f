"""Scenes: only the cue tells the class. Features that see it must find it, all others must be at chance."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.data import SCENE_KINDS, scene_batches, scenes
from course_utils.features import HOG, ColorHistogram, image_classifier

PROPERTIES = tuple(SCENE_KINDS)


def others(cue):
    return tuple(name for name in PROPERTIES if name != cue)


def test_shapes_and_ranges():
    images, labels, names = scenes(50, "color")
    assert images.shape == (50, 3, 32, 32) and images.dtype == np.uint8
    assert labels.dtype == np.int64 and set(labels) == {0, 1, 2, 3}
    assert names == ("red", "green", "blue", "ochre")
    assert scenes(0).images.shape == (0, 3, 32, 32)


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(PROPERTIES), st.integers(0, 99))
def test_a_picture_depends_on_seed_and_number_alone(n, size, cue, seed):
    whole = scenes(40, cue, others(cue)[:2], seed=seed)
    part = scenes(n, cue, others(cue)[:2], seed=seed)
    np.testing.assert_array_equal(part.images, whole.images[:n])
    stream = scene_batches(size, cue, others(cue)[:2], seed=seed)
    batches = list(itertools.islice(stream, -(-40 // size)))
    np.testing.assert_array_equal(np.concatenate([b.images for b in batches])[:40], whole.images)
    np.testing.assert_array_equal(np.concatenate([b.labels for b in batches])[:40], whole.labels)


def test_beyond_one_chunk_and_other_seeds():
    long, short = scenes(1100, "shape", "color", seed=5), scenes(600, "shape", "color", seed=5)
    np.testing.assert_array_equal(long.images[:600], short.images)
    assert (scenes(20, seed=6).images != scenes(20, seed=7).images).any()
    assert len(np.unique(long.images.reshape(1100, -1), axis=0)) == 1100


def test_classes_are_equally_common():
    counts = np.bincount(scenes(4000, "shape").labels)
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(750)


def accuracy(model, cue, nuisances, test_cue=None, test_nuisances=None):
    train, test = (
        scenes(600, cue, nuisances, seed=0),
        scenes(400, test_cue or cue, test_nuisances or nuisances, seed=1),
    )
    return model.fit(train.images, train.labels).score(test.images, test.labels)


def mean_color(images):
    return images.mean(axis=(2, 3))


class Flat:
    """A classifier of a plain function of the pictures."""

    def __init__(self, function):
        self.function = function
        self.model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))

    def fit(self, images, labels):
        self.model.fit(self.function(images), labels)
        return self

    def score(self, images, labels):
        return self.model.score(self.function(images), labels)


def quadrants(images):
    """Mean brightness of the four quarters."""
    return images.mean(axis=1).reshape(-1, 2, 16, 2, 16).mean(axis=(2, 4)).reshape(-1, 4)


def luminance(images):
    """The picture in grey: mean and spread, all that is left of a colour."""
    grey = np.tensordot([0.299, 0.587, 0.114], images, axes=(0, 1))
    return np.stack([grey.mean(axis=(1, 2)), grey.std(axis=(1, 2)), grey.max(axis=(1, 2))], axis=1)


CHANCE = 0.25
SEES = {
    "color": lambda: Flat(mean_color),
    "position": lambda: Flat(quadrants),
    "shape": lambda: image_classifier(HOG(cell=4, block=2, orientations=12, interpolate=True), C=0.001),
}


@pytest.mark.parametrize("cue", SEES)
def test_who_looks_for_the_cue_finds_it_among_all_nuisances(cue):
    # The shape is sought where it can be: not also in any corner, nor under a texture.
    nuisances = ("color",) if cue == "shape" else others(cue)
    assert accuracy(SEES[cue](), cue, nuisances) > (0.8 if cue == "shape" else 0.9)


def test_texture_is_seen_by_its_directions():
    # Stripes across differ along columns, stripes down along rows; checks and dots along both, dots by less.
    def differences(images):
        grey = images.mean(axis=1)
        return np.stack(
            [np.abs(np.diff(grey, n=k, axis=a)).mean(axis=(1, 2)) for a in (1, 2) for k in (1, 2)], axis=1
        )

    assert accuracy(Flat(differences), "texture", ("color", "position")) > 0.6


@pytest.mark.parametrize("cue", PROPERTIES)
def test_nothing_else_gives_the_class_away(cue):
    # Four standard errors of 400 guesses at chance.
    bound = CHANCE + 4 * np.sqrt(CHANCE * (1 - CHANCE) / 400)
    if cue != "color":
        assert accuracy(Flat(mean_color), cue, others(cue)) < bound
        assert accuracy(image_classifier(ColorHistogram(3), C=0.01), cue, others(cue)) < bound
    if cue != "position":
        assert accuracy(Flat(quadrants), cue, others(cue)) < bound
    assert accuracy(Flat(luminance), cue, others(cue)) < bound


def test_parted_cues_tell_what_a_classifier_went_by():
    color_reader = Flat(mean_color)
    assert accuracy(color_reader, ("shape", "color"), "position") > 0.95
    by_shape = scenes(400, "shape", ("color", "position"), seed=2)
    by_color = scenes(400, "color", ("shape", "position"), seed=2)
    assert color_reader.score(by_shape.images, by_shape.labels) < 0.35
    assert color_reader.score(by_color.images, by_color.labels) > 0.95


def test_what_is_neither_cue_nor_nuisance_is_neutral():
    images = scenes(200, "position", noise=0).images.astype(int)
    np.testing.assert_array_equal(images[:, 0], images[:, 1])  # grey
    np.testing.assert_array_equal(images[:, 0], images[:, 2])
    inside = scenes(200, "color", noise=0).images[:, :, 14:18, 14:18].astype(int)
    np.testing.assert_array_equal(inside, np.broadcast_to(inside[:, :, :1, :1], inside.shape))  # plain


def test_the_thing_is_always_to_be_seen():
    for cue in PROPERTIES:
        images = scenes(300, cue, others(cue), noise=0).images.astype(int)
        assert np.abs(images - images[:, :, :1, :1]).max(axis=(1, 2, 3)).min() > 40


def test_nothing_is_clipped_without_noise():
    for cue in PROPERTIES:
        images = scenes(300, cue, others(cue), noise=0).images
        assert images.max() < 255 and images.min() > 0


@pytest.mark.parametrize("shape", range(5))
def test_shapes_have_one_area(shape):
    from course_utils.data.scenes import _AREA, _SHAPES

    y, x = np.mgrid[-12:12:0.02, -12:12:0.02]
    assert (_SHAPES[shape](y, x) < 0).sum() * 0.02**2 == pytest.approx(_AREA, rel=0.01)


@pytest.mark.parametrize(
    "message, call",
    [
        ("cue has 'size'", lambda: scenes(3, "size")),
        ("nuisances has 'size'", lambda: scenes(3, "shape", ("size",))),
        ("cue is empty", lambda: scenes(3, ())),
        (r"\['shape'\] cannot be both", lambda: scenes(3, "shape", ("shape", "color"))),
        ("n is -1", lambda: scenes(-1)),
        ("noise is -1", lambda: scenes(1, noise=-1)),
        ("size is 0", lambda: next(scene_batches(0))),
    ],
)
def test_bad_input_is_named(message, call):
    with pytest.raises(ValueError, match=message):
        call()
