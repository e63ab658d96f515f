"""The door: names, what is published, options, and messages for wrong arguments and unsuitable inputs."""

import copy
import pickle
import re

import pytest
import torch

from course_utils import models


def test_names_are_sorted_and_filtered_by_family():
    assert models.names() == sorted(models.names())
    assert models.names("lenet") == ["lenet5", "lenet_20_50_500"]
    with pytest.raises(ValueError, match=r"no family 'lenets'; there are .*lenet"):
        models.names("lenets")


def test_every_entry_cites_a_paper():
    for name in models.names():
        assert re.search(r"\d{4}, .{20}|^this course$", models.entry(name).paper), name


@pytest.mark.parametrize(
    "typed, meant", [("LeNet-5", "lenet5"), ("lenet_5", "lenet5"), ("lenet", "lenet_20_50_500")]
)
def test_unknown_name_lists_near_matches(typed, meant):
    with pytest.raises(ValueError, match=f"no network is called '{typed}'; did you mean .*{meant}"):
        models.create(typed)


def test_hopeless_name_points_to_the_list():
    with pytest.raises(ValueError, match=r"'\?\?'; names\(\) lists them all"):
        models.create("??")


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        ({"name": 5}, TypeError, "name must be a string such as 'resnet50', not 5"),
        ({"name": "lenet5", "num_classes": 0}, ValueError, "num_classes must be at least 1, not 0"),
        ({"name": "lenet5", "num_classes": 10.0}, TypeError, "num_classes must be an integer, not 10.0"),
        ({"name": "lenet5", "in_channels": True}, TypeError, "in_channels must be an integer, not True"),
        ({"name": "lenet5", "depth": 3}, TypeError, "lenet5 has no option 'depth'; its options: none"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        models.create(**arguments)


def test_a_name_can_be_registered_only_once():
    facts = {"input_size": (1, 8, 8), "num_classes": 2, "parameters": 1, "macs": 1, "paper": "-"}

    def lenet5(num_classes, in_channels):
        raise AssertionError("never built")

    with pytest.raises(ValueError, match="two networks are called 'lenet5': in lenet and"):
        models.register(**facts)(lenet5)


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize(
    "shape, message",
    [
        (
            (1, 1, 12, 12),
            r"lenet5: input 1x1x12x12 is too small: it vanishes at features\.3 "
            r"\(Conv2d: kernel 5, padding 0, stride 1\), which gets a 4x4 map: "
            r"the output would have size 0x0\. lenet5 was designed for inputs of 1x32x32\.",
        ),
        ((1, 1, 12, 40), r"features\.3 .* which gets a 4x18 map: the output would have size 0x14"),
        (
            (2, 1, 28, 28),
            r"lenet5: input 2x1x28x28 has the wrong height or width: .* at classifier\.0 .* 400 .* 256",
        ),
        (
            (1, 3, 32, 32),
            r"lenet5: input 1x3x32x32 does not fit: features\.0 \(Conv2d: .*\) takes 1 channels, not 3",
        ),
        (
            (1, 32, 32),
            r"lenet5: input has shape 1x32x32, not \(N, C, H, W\)\. Add the batch axis with x\[None\]\.",
        ),
        ((32, 32), r"lenet5: input has shape 32x32, not \(N, C, H, W\)\.$"),
    ],
)
def test_unsuitable_input_is_explained(device, shape, message):
    with torch.device(device):
        model = models.create("lenet5")
        with pytest.raises(ValueError, match=message):
            model(torch.zeros(shape))


def test_errors_that_the_input_is_not_to_blame_for_pass_unchanged():
    model = models.create("lenet5")
    with pytest.raises(RuntimeError, match="should be the same"):
        model(torch.zeros(1, 1, 32, 32, dtype=torch.uint8))
    with pytest.raises(TypeError):
        model()


def test_a_network_can_be_copied_and_pickled():
    model = models.create("lenet5", num_classes=3)
    x = torch.randn(1, 1, 32, 32)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert (other.name, other.input_size) == ("lenet5", (1, 32, 32))
        assert torch.equal(other(x), model(x))
