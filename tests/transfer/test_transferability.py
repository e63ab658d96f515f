import importlib

import numpy as np
import pytest
import torch

from course_utils.training import Recipe, fit_iter
from course_utils.transfer import split_classes, transferability
from course_utils.transfer.transferability import copy_layers

RECIPE = Recipe(epochs=2, batch_size=40, lr=0.05)


def test_all_networks_of_the_experiment_and_the_same_again(make_chain, stripes):
    def run():
        return list(transferability(type(make_chain()), stripes, stripes, RECIPE, seed=3, device="cpu"))

    found = run()
    assert [t.network for t in found] == [
        "baseB",
        *("B1B", "B1B+", "A1B", "A1B+"),
        *("B2B", "B2B+", "A2B", "A2B+"),
    ]
    assert all(len(t.epochs) == 2 and t.accuracy == t.epochs[-1] for t in found)
    assert run() == found


def test_frozen_layers_stay_those_of_their_source_and_tuned_ones_move(make_chain, stripes, monkeypatch):
    module = importlib.import_module("course_utils.transfer.transferability")
    trained = []

    def remember(model, *arguments, **options):
        trained.append(model)
        return fit_iter(model, *arguments, **options)

    monkeypatch.setattr(module, "fit_iter", remember)
    make = type(make_chain())
    list(transferability(make, stripes, stripes, RECIPE, copied=[1], device="cpu"))
    base_a, base_b, *others = (model.state_dict() for model in trained)
    first = [name for name in base_a if name[0] in "01"]  # a convolution, its norm and the norm's averages
    for source, model, frozen in zip((base_b, base_b, base_a, base_a), others, (1, 0, 1, 0), strict=True):
        same = {name for name in first if torch.equal(model[name], source[name])}
        assert (same == set(first)) == bool(frozen)
        assert not torch.equal(model["4.weight"], source["4.weight"])


def test_copied_layers_are_equal_and_the_rest_is_not(make_chain):
    source, target = make_chain(seed=1), make_chain(seed=2)
    source[1].running_mean += 1
    copy_layers(source, target, 1)
    equal = {n for n, t in target.state_dict().items() if torch.equal(t, source.state_dict()[n])}
    assert {n for n in equal if n[0] in "01"} == {n for n in target.state_dict() if n[0] in "01"}
    assert "4.weight" not in equal and "8.weight" not in equal


def test_halves_are_disjoint_and_seeded():
    labels = np.arange(40) % 10
    a, b = split_classes(labels, seed=1)
    assert len(a) == len(b) == 5 and set(a) | set(b) == set(range(10))
    assert split_classes(labels, seed=1) == (a, b) != split_classes(labels, seed=2)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"classes": ((0, 1), (1, 2))}, r"classes \[1\] are in A and in B"),
        ({"classes": ((0, 1), (2, 9))}, r"train has no image of the classes \[9\]"),
        ({"copied": [0, 3]}, r"copied has \[0, 3\]: expected 1 to 2"),
    ],
)
def test_bad_arguments_are_refused_before_training(make_chain, stripes, arguments, message):
    with pytest.raises(ValueError, match=message):
        transferability(make_chain, stripes, stripes, RECIPE, **arguments)
