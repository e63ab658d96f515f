import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.transfer import linear_probe, nearest


@pytest.fixture
def blobs():
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1, 2], 30)
    centres = rng.normal(size=(3, 5))
    return centres[labels] * 1.5 + rng.normal(size=(90, 5)), labels


def test_chooses_the_c_that_cross_validation_prefers(blobs):
    x, y = blobs
    Cs = (1e-4, 1e-2, 1.0)
    scores = [
        cross_val_score(
            make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=2000)),
            x,
            y,
            cv=StratifiedKFold(5, shuffle=True, random_state=7),
        ).mean()
        for C in Cs
    ]
    probe = linear_probe(x, y, Cs=Cs, seed=7)
    assert probe.best_score_ == pytest.approx(max(scores))
    assert probe.best_params_["logisticregression__C"] == Cs[int(np.argmax(scores))]
    assert probe.score(x, y) > 0.8


def test_many_features_change_the_speed_not_the_classifier():
    rng = np.random.default_rng(5)
    labels = np.arange(40) % 2
    x = rng.normal(size=(60, 300))
    x[:40, :20] += 0.4 * labels[:, None]
    probe = linear_probe(x[:40], labels, Cs=(0.01,))
    plain = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000)).fit(x[:40], labels)
    np.testing.assert_allclose(probe.decision_function(x), plain.decision_function(x), atol=1e-3)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda x, y: (x[0], y), r"features have shape \(5,\)"),
        (lambda x, y: (x, y[:3]), "labels have shape"),
        (lambda x, y: (np.where(x > 2, np.nan, x), y), "not finite"),
        (lambda x, y: (x, np.zeros_like(y)), "1 class"),
        (lambda x, y: (x[:64], y[:64]), "class 2 has 4 examples: 5 folds"),
    ],
)
def test_probe_refuses(blobs, change, message):
    with pytest.raises(ValueError, match=message):
        linear_probe(*change(*blobs))


def test_nearest_agrees_with_the_definition():
    rng = np.random.default_rng(0)
    query, gallery = rng.normal(size=(4, 6)), rng.normal(size=(20, 6))
    euclidean = np.linalg.norm(query[:, None] - gallery, axis=2)
    lengths = np.linalg.norm(query, axis=1)[:, None] * np.linalg.norm(gallery, axis=1)
    for metric, distances in (("euclidean", euclidean), ("cosine", 1 - query @ gallery.T / lengths)):
        indices, found = nearest(query, gallery, 3, metric=metric)
        np.testing.assert_array_equal(indices, np.argsort(distances, axis=1)[:, :3])
        np.testing.assert_allclose(found, np.sort(distances, axis=1)[:, :3])


def test_a_vector_finds_itself():
    gallery = np.random.default_rng(1).normal(size=(9, 4))
    indices, distances = nearest(gallery[5], gallery, 2)
    assert indices.shape == (2,) and indices[0] == 5
    assert distances[0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"query": np.zeros((2, 3))}, r"expected \(Q, 4\)"),
        ({"k": 10}, "expected 1 to 9"),
        ({"metric": "taxi"}, "metric is 'taxi'"),
        ({"gallery": np.zeros((0, 4))}, "at least one row"),
    ],
)
def test_nearest_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        nearest(**({"query": np.ones((2, 4)), "gallery": np.ones((9, 4)), "k": 1} | arguments))
