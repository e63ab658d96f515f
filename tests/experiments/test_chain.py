import pytest
import torch
from torch import nn

from course_utils.experiments.chain import chain
from course_utils.experiments.experiment import Case
from course_utils.experiments.training import load, train
from course_utils.training import Recipe
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


def test_a_loss_that_is_no_number_counts_as_guessing():
    diverging = Recipe(epochs=2, batch_size=50, lr=1e38).to_dict()
    network = {"name": "chain", "side": 14, "widths": [4, 8], "depth": 1, "norm": False}
    outcome = train(settings(recipe=diverging, network=network))
    assert outcome["score"] == pytest.approx(0.1)
    assert all("not a finite number" in run["diverged"] for run in outcome["runs"])
