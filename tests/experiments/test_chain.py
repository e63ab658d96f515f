import numpy as np
import pytest
import torch
from torch import nn

from course_utils.data import fashion_mnist
from course_utils.data.device_loader import DeviceLoader
from course_utils.experiments.catalogue.squeeze_excite import accuracy_with, look_at_gates
from course_utils.experiments.chain import chain
from course_utils.experiments.experiment import Case
from course_utils.experiments.training import load, train
from course_utils.models.squeeze_excite import SqueezeExcite
from course_utils.training import Recipe, evaluate
from course_utils.transfer import layers


def test_a_chain_has_the_layers_asked_for():
    model = chain(7, widths=(4, 8), depth=3, kernel=5, activation="tanh", norm=False)
    convs = [m for m in model if isinstance(m, nn.Conv2d)]
    assert [(c.in_channels, c.out_channels, c.kernel_size[0]) for c in convs] == [
        (1, 4, 5),
        (4, 4, 5),
        (4, 4, 5),
        (4, 8, 5),
        (8, 8, 5),
        (8, 8, 5),
    ]
    assert len(layers(model)) == 7 and not any(isinstance(m, nn.BatchNorm2d) for m in model)
    assert model(torch.zeros(2, 1, 28, 28)).shape == (2, 7)


def test_three_3x3_see_what_one_7x7_sees():
    seen = []
    for kernel, depth in ((7, 1), (3, 3)):
        model = chain(widths=(4,), kernel=kernel, depth=depth, norm=False)[: 2 * depth]
        x = torch.rand(1, 1, 15, 15, requires_grad=True)
        model.apply(lambda m: nn.init.ones_(m.weight) if isinstance(m, nn.Conv2d) else None)
        model(x)[0, 0, 7, 7].backward()
        seen.append((x.grad[0, 0] != 0).nonzero().aminmax(dim=0))
    for low, high in seen:
        assert low.tolist() == [4, 4] and high.tolist() == [10, 10]


def test_gates_follow_every_activation():
    model = chain(widths=(4, 8), depth=2, reduction=2)
    gated = [model[i - 1] for i, m in enumerate(model) if isinstance(m, SqueezeExcite)]
    assert len(gated) == 4 and all(isinstance(m, nn.ReLU) for m in gated)
    assert not any(isinstance(m, SqueezeExcite) for m in chain())


@pytest.mark.parametrize(
    "wrong, message", [({"kernel": 4}, "kernel is 4"), ({"activation": "step"}, "'step'")]
)
def test_bad_chains(wrong, message):
    with pytest.raises(ValueError, match=message):
        chain(**wrong)


def test_small_images_are_means_of_four_pixels():
    (large, labels), _ = load({"train": 20, "test": 10, "side": 28})
    (small, same), (test, _) = load({"train": 20, "test": 10, "side": 14})
    assert small.shape == (20, 1, 14, 14) and test.shape == (10, 1, 14, 14)
    expected = torch.nn.functional.avg_pool2d(torch.from_numpy(large).float(), 2).numpy()
    assert abs(small - expected).max() <= 0.5
    assert (labels == same).all()


def settings(**changes):
    base = {
        "network": {"name": "chain", "side": 14, "widths": [4, 8], "depth": 1},
        "data": {"train": 100, "test": 50, "side": 14},
        "recipe": Recipe(epochs=2, batch_size=50, lr=0.05).to_dict(),
        "seeds": [0, 1],
    }
    return Case("a", base | changes)


def test_training_a_case_records_every_seed():
    outcome = train(settings())
    assert [len(run["rows"]) for run in outcome["runs"]] == [2, 2]
    last = [run["rows"][-1]["valid_accuracy"] for run in outcome["runs"]]
    assert outcome["score"] == pytest.approx(sum(last) / 2)
    assert train(settings())["score"] == outcome["score"]


def test_what_is_found_in_a_trained_network_is_in_its_run():
    outcome = train(settings(), inspect=lambda model, test: {"seen": len(test.images)})
    assert [run["seen"] for run in outcome["runs"]] == [settings().settings["data"]["test"]] * 2


def test_gates_can_be_looked_at_and_exchanged():
    images, labels, _ = fashion_mnist("test")
    test = DeviceLoader(images[:60], labels[:60], 25)
    torch.manual_seed(0)
    model = chain(widths=(4, 8), depth=1, reduction=2).eval()
    found = look_at_gates(model, test)
    assert [len(block["by_class"]) for block in found["gates"]] == [10, 10]
    assert [len(block["by_class"][0]) for block in found["gates"]] == [4, 8]
    before, after = (evaluate(model, test) for _ in range(2))  # the hooks are gone
    assert before == after and before[1] == pytest.approx(found["accuracy"]["own"])

    blocks = [m for m in model if isinstance(m, SqueezeExcite)]
    own = []
    hooks = [block.gate.register_forward_hook(lambda _, inputs, gates: own.append(gates)) for block in blocks]
    with torch.inference_mode():
        model(next(iter(DeviceLoader(images[:60], labels[:60], 60, like=test)))[0])
        for hook in hooks:
            hook.remove()
        assert accuracy_with(model, test, blocks, own) == found["accuracy"]["own"]
        closed = [torch.zeros_like(gates) for gates in own]
        model[-1].bias.fill_(0)
        model[-1].bias[3] = 9  # with every gate closed only the bias is left
        assert accuracy_with(model, test, blocks, closed) == pytest.approx(np.mean(labels[:60] == 3))
    assert look_at_gates(chain(widths=(4,)), test) == {}


def test_a_loss_that_is_no_number_counts_as_guessing():
    diverging = Recipe(epochs=2, batch_size=50, lr=1e38).to_dict()
    network = {"name": "chain", "side": 14, "widths": [4, 8], "depth": 1, "norm": False}
    outcome = train(settings(recipe=diverging, network=network))
    assert outcome["score"] == pytest.approx(0.1)
    assert all("not a finite number" in run["diverged"] for run in outcome["runs"])
