import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from course_utils.metrics import class_report, confusion_matrix, top_k_accuracy

cases = st.tuples(st.integers(2, 7), st.integers(1, 40), st.integers(0, 2**32 - 1))


@given(cases, st.data())
def test_top_k_as_scikit_learn(case, data):
    classes, n, seed = case
    k = data.draw(st.integers(1, classes))
    rng = np.random.default_rng(seed)
    scores, labels = rng.normal(size=(n, classes)), rng.integers(0, classes, n)
    share = top_k_accuracy(scores, labels, k)
    if k == classes:
        assert share == 1
    elif classes > 2:  # scikit-learn wants one score an example where there are two classes
        assert share == pytest.approx(sk.top_k_accuracy_score(labels, scores, k=k, labels=range(classes)))
    if k == 1:
        assert share == pytest.approx((scores.argmax(axis=1) == labels).mean())


def test_equal_scores_and_nan_earn_nothing():
    assert top_k_accuracy(np.zeros((3, 4)), [0, 1, 2]) == 0
    assert top_k_accuracy(np.zeros((3, 4)), [0, 1, 2], 4) == 1
    assert top_k_accuracy([[np.nan, 0.0], [1.0, 0.0]], [0, 0]) == 0.5
    assert top_k_accuracy([[np.nan, 0.0]], [1]) == 0
    assert top_k_accuracy([[np.nan, 0.0]], [0], 2) == 0


def test_takes_tensors():
    assert top_k_accuracy(torch.eye(3), torch.arange(3)) == 1
    np.testing.assert_array_equal(confusion_matrix(torch.arange(3), torch.arange(3), 3), np.eye(3))


@given(cases)
def test_confusion_matrix_and_report_as_scikit_learn(case):
    classes, n, seed = case
    rng = np.random.default_rng(seed)
    labels, predictions = rng.integers(0, classes, (2, n))
    matrix = confusion_matrix(labels, predictions, classes)
    np.testing.assert_array_equal(matrix, sk.confusion_matrix(labels, predictions, labels=range(classes)))
    report = class_report(matrix, [f"class {c}" for c in range(classes)])
    precision, recall, f1, support = sk.precision_recall_fscore_support(
        labels, predictions, labels=range(classes), zero_division=np.nan
    )
    np.testing.assert_allclose(report.precision, precision)
    np.testing.assert_allclose(report.recall, recall)
    np.testing.assert_allclose(report.f1, f1)
    np.testing.assert_array_equal(report.support, support)
    assert report.accuracy == pytest.approx(sk.accuracy_score(labels, predictions))
    assert len(str(report).splitlines()) == classes + 2


def test_what_was_never_predicted_is_shown_as_such():
    lines = str(class_report([[2, 0], [3, 0]], ("cat", "dog"))).splitlines()
    assert lines[2].split() == ["dog", "-", "0.000", "0.000", "3"]


@pytest.mark.parametrize(
    "error, message, call",
    [
        (ValueError, r"scores has shape \(3,\)", lambda: top_k_accuracy(np.ones(3), [0])),
        (ValueError, "1 examples and labels 2", lambda: top_k_accuracy(np.ones((1, 3)), [0, 1])),
        (ValueError, "0 examples", lambda: top_k_accuracy(np.ones((0, 3)), np.zeros(0, int))),
        (ValueError, "k is 4", lambda: top_k_accuracy(np.ones((1, 3)), [0], 4)),
        (ValueError, "k is 0", lambda: top_k_accuracy(np.ones((1, 3)), [0], 0)),
        (ValueError, "labels has 3; classes are 0 to 2", lambda: top_k_accuracy(np.ones((1, 3)), [3])),
        (ValueError, "predictions has -1", lambda: confusion_matrix([0], [-1], 2)),
        (TypeError, "labels has dtype float64", lambda: confusion_matrix([0.0], [1], 2)),
        (ValueError, r"labels has shape \(1, 1\)", lambda: confusion_matrix([[0]], [1], 2)),
        (ValueError, "2 examples and predictions 1", lambda: confusion_matrix([0, 1], [1], 2)),
        (ValueError, "it must be 3x3", lambda: class_report(np.ones((2, 2)), "abc")),
        (ValueError, "negative", lambda: class_report([[1, -1], [0, 1]], "ab")),
    ],
)
def test_bad_input_is_named(error, message, call):
    with pytest.raises(error, match=message):
        call()
