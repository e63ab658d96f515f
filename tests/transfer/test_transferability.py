import numpy as np
import pytest
import torch

from course_utils.training import Recipe
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


def test_frozen_layers_stay_those_of_their_source(make_chain, stripes):
    made = []

    def make(classes):
        made.append(make_chain(classes, seed=len(made)))
        return made[-1]

    results = transferability(make, stripes, stripes, RECIPE, copied=[1], device="cpu")
    next(results)  # the bases are trained; the first network made only counted the layers
    base_a = made[1]
    trained = {name: tensor.clone() for name, tensor in base_a.state_dict().items()}
    for transferred in results:
        if transferred.network == "A1B":
            break
    assert all(torch.equal(t, trained[n]) for n, t in base_a.state_dict().items()), (
        "the source was trained on"
    )


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
