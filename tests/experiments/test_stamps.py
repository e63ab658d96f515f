import numpy as np
import pytest

from course_utils.data import stamps
from course_utils.experiments import get
from course_utils.experiments.catalogue.stamp_shots import choose
from course_utils.experiments.stamp_features import batches, describe


def test_made_by_hand_and_side_by_side():
    colour, labels = describe("colour", 64)
    hog, same = describe("HOG", 64)
    both, _ = describe("colour and HOG", 64)
    np.testing.assert_array_equal(both, np.hstack([colour, hog]))
    assert len(labels) == len(both) == 191 and (labels == same).all()
    assert describe("HOG", 32)[0].shape[1] == hog.shape[1], "8 x 8 cells, whatever the side"


def test_batches_enlarge_the_whole_picture():
    images, labels, _ = stamps("test", 32)
    first, first_labels = next(batches(images, labels))
    assert first.shape == (32, 3, 224, 224)
    np.testing.assert_array_equal(first_labels, labels[:32])
    white = first[:, :, 0, 0].mean(0)  # corners are background, normalised white
    np.testing.assert_allclose(white, (1 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225], atol=0.1)


@pytest.mark.parametrize("shots", [1, 5, 10])
def test_shots_are_so_many_of_every_class(shots):
    labels = np.repeat([0, 1, 2], [20, 7, 30])
    chosen = choose(labels, shots, seed=4)
    assert len(set(chosen)) == len(chosen)
    np.testing.assert_array_equal(np.bincount(labels[chosen]), np.minimum(shots, [20, 7, 30]))
    assert not np.array_equal(chosen, choose(labels, shots, seed=5))
    assert len(choose(labels, None, seed=0)) == len(labels)


@pytest.mark.slow
def test_the_networks_features_reach_80_percent():
    experiment = get("stamp-features")
    (case,) = (case for case in experiment.cases if case.label == "network, from 128 pixels")
    outcome = experiment.run(case)
    assert outcome["score"] >= 0.80 and outcome["dimensions"] == 512
