"""Recipes: schedules against their definition, bad values refused by name."""

import json
import math

import numpy as np
import pytest

from course_utils.training import RECIPES, Recipe


def recipe(**changes):
    return Recipe(**{"epochs": 10, "batch_size": 32, "lr": 0.5, **changes})


def test_a_recipe_survives_json():
    for name, r in RECIPES.items():
        assert Recipe(**json.loads(json.dumps(r.to_dict()))) == r, name


def test_a_recipe_cannot_be_changed_but_copied_with_changes():
    r = recipe()
    with pytest.raises(AttributeError):
        r.lr = 1.0
    assert r.replace(lr=1.0).lr == 1.0 and r.lr == 0.5


@pytest.mark.parametrize(
    "schedule, options, expected",
    [
        ("constant", {}, {0: 0.5, 5: 0.5, 10: 0.5}),
        ("steps", {"milestones": (4, 8)}, {3.99: 0.5, 4: 0.05, 7.9: 0.05, 8: 0.005}),
        ("cosine", {}, {0: 0.5, 5: 0.25, 10: 0.0, 2.5: 0.25 * (1 + math.sqrt(0.5))}),
        ("cosine", {"warmup": 2}, {0: 0.0, 1: 0.25, 2: 0.5, 6: 0.25, 10: 0.0}),
        ("triangle", {"warmup": 2}, {0: 0.0, 1: 0.25, 2: 0.5, 6: 0.25, 10: 0.0}),
        ("triangle", {}, {0: 0.5, 5: 0.25, 10: 0.0}),
        ("plateau", {"warmup": 1}, {0.5: 0.25, 1: 0.5, 9: 0.5}),
    ],
)
def test_schedules(schedule, options, expected):
    r = recipe(schedule=schedule, **options)
    for epoch, rate in expected.items():
        assert r.rate(epoch) == pytest.approx(rate, abs=1e-12), epoch


@pytest.mark.parametrize(
    "field, value",
    [
        ("epochs", 0),
        ("batch_size", 0),
        ("lr", 0.0),
        ("lr", math.nan),
        ("optimizer", "lion"),
        ("schedule", "wave"),
        ("precision", "int4"),
        ("warmup", 11),
        ("momentum", 1.0),
        ("weight_decay", -1e-4),
        ("label_smoothing", 1.0),
        ("ema", 1.0),
        ("clip", -1),
        ("factor", 0.0),
    ],
)
def test_a_bad_value_is_refused_by_name(field, value):
    with pytest.raises(ValueError, match=rf"^{field} is {value!r}: expected"):
        recipe(**{field: value})


def test_steps_need_milestones():
    with pytest.raises(ValueError, match="milestones"):
        recipe(schedule="steps")


def test_numpy_numbers_are_kept_as_plain_ones():
    r = recipe(epochs=np.int64(10), lr=np.float32(0.5), milestones=np.arange(2), nesterov=np.True_)
    assert json.loads(json.dumps(r.to_dict())) == r.to_dict() | {"milestones": [0, 1]}
    assert r == recipe(milestones=(0, 1), nesterov=True)


@pytest.mark.parametrize(
    "field, value, right",
    [
        ("epochs", 2.5, "a whole number"),
        ("epochs", "10", "a whole number"),
        ("batch_size", True, "a whole number"),
        ("lr", "0.1", "a number"),
        ("ema", None, "a number"),
        ("nesterov", 1, "True or False"),
        ("milestones", 4, "numbers in a tuple"),
        ("milestones", ("4",), "a number"),
        ("schedule", None, "a string"),
    ],
)
def test_values_of_another_type_are_refused_by_name(field, value, right):
    with pytest.raises(TypeError, match=rf"^{field} is .*: expected {right}$"):
        recipe(**{field: value})
