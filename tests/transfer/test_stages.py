import itertools

import pytest
import torch
from torch import nn

from course_utils import models
from course_utils.transfer import layers, replace_head, stages

# Half a second and more for shapes alone; each has a shallower sister that always runs.
VERY_DEEP = (
    *(
        "resnet101",
        "resnet152",
        "resnet1202",
        "resnext101_32x8d",
        "densenet161",
        "densenet169",
        "densenet201",
    ),
    *("preact_resnet101", "preact_resnet152", "preact_resnet164", "preact_resnet200"),
    *("inception_resnet_v2", "nasnet_a_large", "nasnet_a_cifar"),
)


def on_meta(name, **options):
    with torch.device("meta"):
        return models.create(name, **options)


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow if n in VERY_DEEP else ()) for n in models.names()],
)
def test_every_network_falls_into_stages_and_takes_a_new_head(name):
    model = on_meta(name).eval()
    found = stages(model)
    owned = [id(p) for stage in found.values() for p in stage.parameters()]
    assert len(owned) == len(set(owned)), "a parameter in two stages"
    assert set(owned) == {id(p) for p in model.parameters()}, "a parameter in no stage"
    *body, head = found
    assert head == "head" and len(body) >= 3
    maps = [found[stage].size for stage in body if found[stage].size]
    assert all(a[0] > b[0] for a, b in itertools.pairwise(maps)), "maps shrink from stage to stage"

    before = dict(model.named_parameters())
    replace_head(model, 7)
    assert model(torch.empty(2, *model.input_size, device="meta")).shape == (2, 7)
    kept = {n for n, p in model.named_parameters() if before[n] is p}
    in_head = {id(p) for p in found["head"].parameters()}
    in_body = {n for n, p in before.items() if id(p) not in in_head}
    assert in_body <= kept, "replacing the head touched another stage"


def test_stages_of_a_residual_network_are_its_resolutions():
    found = stages(on_meta("resnet18"))
    assert {name: stage.size for name, stage in found.items()} == {
        "stage1": (112, 112),
        "stage2": (56, 56),
        "stage3": (28, 28),
        "stage4": (14, 14),
        "stage5": (7, 7),
        "head": None,
    }
    assert found["stage4"].paths == ("layer3.0", "layer3.1")
    assert found["head"].paths == ("fc",)


def test_a_convolution_may_be_the_head_and_what_follows_it_is_no_stage():
    found = stages(on_meta("squeezenet1_1"))
    assert found["head"].paths == ("classifier.1",)
    assert found["stage4"].paths[-1] == "classifier.0"


def test_auxiliary_heads_belong_to_the_head():
    model = on_meta("googlenet_2014", aux_logits=True)
    assert stages(model)["head"].paths == ("aux1", "aux2", "fc")
    replace_head(model.train(), 7)
    outputs = model(torch.empty(2, 3, 224, 224, device="meta"))
    assert [output.shape for output in outputs] == [(2, 7)] * 3


def test_looking_changes_nothing(chain):
    chain.train()
    chain[1].eval()
    before = {name: tensor.clone() for name, tensor in chain.state_dict().items()}
    stages(chain)
    assert chain.training and not chain[1].training
    assert not any(module._forward_hooks for module in chain.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in chain.state_dict().items())


def test_layers_counts_like_the_papers():
    assert len(layers(on_meta("lenet5"))) == 5
    assert len(layers(on_meta("alexnet"))) == 8
    assert len(layers(on_meta("vgg16"))) == 16


def test_layers_take_their_norm_along(chain):
    assert layers(chain) == [("0", "1"), ("4",), ("8",)]


def test_an_unknown_input_size_is_asked_for():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(2 * 36, 3))
    with pytest.raises(ValueError, match="input_size is missing"):
        stages(net)
    assert list(stages(net, (1, 8, 8))) == ["stage1", "head"]


def test_a_network_without_a_last_layer_has_no_head():
    with pytest.raises(ValueError, match=r"no head.*BatchNorm2d"):
        stages(nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)), (1, 8, 8))
