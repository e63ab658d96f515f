"""The linear classifier and the two-layer network: gradients, starting loss, overfitting, and real digits."""

from functools import partial

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from course_utils.features import (
    descend,
    linear_loss,
    linear_parameters,
    linear_scores,
    two_layer_loss,
    two_layer_parameters,
    two_layer_scores,
)
from course_utils.layers import check_gradient

MODELS = {
    "linear": (linear_loss, linear_scores, lambda d, k, rng: linear_parameters(d, k, rng, 0.5)),
    "two layers": (two_layer_loss, two_layer_scores, lambda d, k, rng: two_layer_parameters(d, 12, k, rng)),
}
models = pytest.mark.parametrize("name", MODELS)
losses = pytest.mark.parametrize("loss", ["softmax", "hinge"])


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    return data.data / 16 - 0.3, data.target  # about mean 0


@models
@losses
@pytest.mark.parametrize("decay", [0, 0.3])
def test_gradients(name, loss, decay):
    loss_of, _, begin = MODELS[name]
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(6, 5)), rng.integers(0, 4, 6)
    parameters = begin(5, 4, rng)
    _, gradients = loss_of(parameters, x, labels, loss, decay)
    assert gradients.keys() == parameters.keys()
    for key in parameters:
        check = check_gradient(
            lambda array, key=key: loss_of({**parameters, key: array}, x, labels, loss, decay)[0],
            parameters[key],
            gradients[key],
            skip_kinks=True,
        )
        assert check.ok and check.checked > check.skipped, f"{key}: {check}"


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_softmax_starts_at_log_of_the_number_of_classes(classes):
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(200, 64)), rng.integers(0, classes, 200)
    assert linear_loss(linear_parameters(64, classes, rng, 0), x, labels)[0] == pytest.approx(np.log(classes))
    assert linear_loss(linear_parameters(64, classes, rng), x, labels)[0] == pytest.approx(
        np.log(classes), rel=0.05
    )
    assert two_layer_loss(two_layer_parameters(64, 30, classes, rng, 0.01), x, labels)[0] == pytest.approx(
        np.log(classes), rel=0.01
    )


def test_hinge_starts_at_the_number_of_wrong_classes():
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(50, 64)), rng.integers(0, 10, 50)
    assert linear_loss(linear_parameters(64, 10, rng, 0), x, labels, "hinge")[0] == pytest.approx(9)


@models
@losses
def test_a_handful_is_overfit(name, loss, digits):
    loss_of, scores, begin = MODELS[name]
    x, labels = digits[0][:20], digits[1][:20]
    begun = begin(64, 10, np.random.default_rng(0))
    learnt, history = descend(partial(loss_of, loss=loss), begun, x, labels, rate=0.1, epochs=200, batch=20)
    assert (scores(learnt, x).argmax(axis=1) == labels).all()
    assert history[-1] < 0.05 < history[0]
    assert len(history) == 200


# Chance is 0.1; measured .89 (linear, both losses), .92 and .89 (two layers).
@models
@losses
def test_reads_digits(name, loss, digits):
    loss_of, scores, begin = MODELS[name]
    (x, unseen), (labels, unseen_labels) = (np.split(part, [1200]) for part in digits)
    learnt, _ = descend(
        partial(loss_of, loss=loss, decay=1e-4),
        begin(64, 10, np.random.default_rng(0)),
        x,
        labels,
        rate=0.05,
        epochs=20,
    )
    assert (scores(learnt, unseen).argmax(axis=1) == unseen_labels).mean() > 0.85


def test_two_layers_bend_where_one_cannot():
    # Two classes in opposite corners: no line parts them.
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (400, 2))
    labels = (x[:, 0] * x[:, 1] > 0).astype(int)

    def accuracy(name):
        loss_of, scores, begin = MODELS[name]
        learnt, _ = descend(loss_of, begin(2, 2, np.random.default_rng(1)), x, labels, rate=0.1, epochs=60)
        return (scores(learnt, x).argmax(axis=1) == labels).mean()

    assert accuracy("linear") < 0.65
    assert accuracy("two layers") > 0.95


def test_scikit_learn_s_solution_is_a_minimum_of_ours(digits):
    x, labels = digits[0][:300], digits[1][:300]
    decay = 0.01
    peer = LogisticRegression(C=1 / (decay * len(x)), tol=1e-10, max_iter=10_000).fit(x, labels)
    found = {"w": peer.coef_, "b": peer.intercept_}
    value, gradients = linear_loss(found, x, labels, "softmax", decay)
    assert max(np.abs(gradient).max() for gradient in gradients.values()) < 1e-6
    begun = linear_parameters(64, 10, np.random.default_rng(0))
    learnt, _ = descend(
        partial(linear_loss, decay=decay), begun, x, labels, rate=0.3, epochs=600, batch=len(x)
    )
    assert linear_loss(learnt, x, labels, "softmax", decay)[0] == pytest.approx(value, rel=1e-5)


def test_the_seed_decides_and_nothing_is_changed(digits):
    x, labels = digits[0][:100], digits[1][:100]
    begun = linear_parameters(64, 10, np.random.default_rng(0))
    before = {name: array.copy() for name, array in begun.items()}
    first, again, other = (
        descend(linear_loss, begun, x, labels, rate=0.1, epochs=2, seed=seed)[0]["w"] for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    for name in begun:
        np.testing.assert_array_equal(begun[name], before[name])


def test_divergence_is_told_with_its_cause(digits):
    x, labels = digits
    begun = linear_parameters(64, 10, np.random.default_rng(0))
    with pytest.raises(FloatingPointError, match=r"the loss is \w+ in epoch \d+; is the rate 100 too large"):
        descend(partial(linear_loss, decay=1), begun, x, labels, rate=100)


one = {"w": np.ones((2, 3)), "b": np.ones(2)}


@pytest.mark.parametrize(
    "message, call",
    [
        ("loss is 'mse'", lambda: linear_loss(one, np.ones((4, 3)), np.zeros(4, int), "mse")),
        ("decay is -1", lambda: linear_loss(one, np.ones((4, 3)), np.zeros(4, int), decay=-1)),
        ("rate is 0", lambda: descend(linear_loss, one, np.ones((4, 3)), np.zeros(4, int), rate=0)),
        (
            "momentum is 1",
            lambda: descend(linear_loss, one, np.ones((4, 3)), np.zeros(4, int), rate=1, momentum=1),
        ),
        (
            "epochs is 0",
            lambda: descend(linear_loss, one, np.ones((4, 3)), np.zeros(4, int), rate=1, epochs=0),
        ),
        ("batch is 0", lambda: descend(linear_loss, one, np.ones((4, 3)), np.zeros(4, int), rate=1, batch=0)),
        (
            "4 examples and labels 5",
            lambda: descend(linear_loss, one, np.ones((4, 3)), np.zeros(5, int), rate=1),
        ),
    ],
)
def test_bad_input_is_named(message, call):
    with pytest.raises(ValueError, match=message):
        call()
