import copy

import pytest
import torch
from torch import nn

from course_utils.training import Recipe
from course_utils.transfer import Phase, fine_tune, freeze, gradual, head_then_all, parameter_groups

RECIPE = Recipe(epochs=2, batch_size=40, lr=0.05)


def run(*arguments, **options):
    return list(fine_tune(*arguments, device="cpu", **options))


def changed(model, before):
    return {n for n, tensor in model.state_dict().items() if not torch.equal(tensor, before[n])}


def test_rates_fall_from_the_head_to_the_input(chain):
    groups = parameter_groups(chain, 2.0)
    assert [(g["name"], g["lr_scale"]) for g in groups] == [("head", 1.0), ("stage2", 0.5), ("stage1", 0.25)]
    assert {id(p) for g in groups for p in g["params"]} == {id(p) for p in chain.parameters()}


class Odd(nn.Module):
    """Two stages that share their weights, or a parameter in none."""

    input_size = (3, 8, 8)

    def __init__(self, tied):
        super().__init__()
        self.a, self.pool, self.b = (
            nn.Conv2d(3, 3, 3, padding=1),
            nn.MaxPool2d(2),
            nn.Conv2d(3, 3, 3, padding=1),
        )
        self.head = nn.Linear(3, 2)
        if tied:
            self.b.weight = self.a.weight
        else:
            self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.head(self.b(self.pool(self.a(x))).mean((2, 3)))


def test_shared_weights_go_with_the_stage_nearest_to_the_head():
    model = Odd(tied=True)
    groups = {g["name"]: g["params"] for g in parameter_groups(model)}
    assert [len(groups[name]) for name in ("stage1", "stage2", "head")] == [1, 2, 2]
    assert any(p is model.a.weight for p in groups["stage2"])


def test_a_parameter_outside_all_stages_is_named():
    with pytest.raises(ValueError, match="^scale belong to no stage"):
        parameter_groups(Odd(tied=False))


def test_vectors_may_go_without_decay_and_frozen_ones_are_left_out(chain):
    freeze(chain, "stage1")
    groups = parameter_groups(chain, decay_vectors=False)
    assert [(g["name"], g.get("weight_decay")) for g in groups] == [
        ("head", None),
        ("head", 0.0),
        ("stage2", None),
        ("stage2", 0.0),
    ]
    assert all(p.ndim > 1 for g in groups if "weight_decay" not in g for p in g["params"])


def test_a_step_of_training_moves_each_stage_by_its_own_rate(make_chain, stripes):
    chain = make_chain(4)
    # Plain SGD: a stage moves by rate times gradient, so scaling the rate scales the move.
    recipe = Recipe(epochs=1, batch_size=160, lr=1e-3, momentum=0.0)
    before = copy.deepcopy(chain.state_dict())
    moves = []
    for factor in (1.0, 4.0):
        chain.load_state_dict(before)
        run(chain, stripes, None, [Phase(("stage1", "stage2", "head"), recipe, factor)])
        moves.append({n: t - before[n] for n, t in chain.state_dict().items() if n.endswith("weight")})
    for name, ratio in (("8.weight", 1), ("4.weight", 4), ("0.weight", 16)):
        torch.testing.assert_close(moves[0][name], ratio * moves[1][name], atol=2e-7, rtol=2e-2)


def test_the_head_alone_and_then_everything(make_chain, stripes):
    chain = make_chain(4)
    phases = head_then_all(chain, RECIPE, RECIPE.replace(lr=0.01))
    before = copy.deepcopy(chain.state_dict())
    rows = fine_tune(chain, stripes, stripes, phases, device="cpu")
    for number, _ in (next(rows), next(rows)):
        assert number == 0
        assert changed(chain, before) == {"8.weight", "8.bias"}  # not even a running average
    assert [number for number, _ in rows] == [1, 1]
    assert changed(chain, before) == set(before)


def test_gradual_wakes_a_stage_at_a_time(chain):
    assert [phase.learns for phase in gradual(chain, RECIPE)] == [
        ("head",),
        ("stage2", "head"),
        ("stage1", "stage2", "head"),
    ]


def test_goes_on_from_its_checkpoints(make_chain, stripes, tmp_path):
    whole, stopped = make_chain(4), make_chain(4)
    phases = gradual(whole, RECIPE)
    run(whole, stripes, stripes, phases)
    for number, _ in fine_tune(stopped, stripes, stripes, phases, device="cpu", checkpoint=tmp_path / "a"):
        if number == 1:
            break
    again = make_chain(4)
    rows = run(again, stripes, stripes, phases, checkpoint=tmp_path / "a")
    assert [number for number, _ in rows] == [1, 2, 2]
    for name, tensor in again.state_dict().items():
        assert torch.equal(tensor, whole.state_dict()[name]), name


@pytest.mark.parametrize("phases, message", [([], "phases is empty"), ([Phase(("top",), RECIPE)], "phase 0")])
def test_bad_phases_are_refused_before_training(chain, stripes, phases, message):
    with pytest.raises(ValueError, match=message):
        fine_tune(chain, stripes, None, phases)


def test_rates_may_not_rise_towards_the_input(chain):
    with pytest.raises(ValueError, match=r"factor is 0.5"):
        parameter_groups(chain, 0.5)
    with pytest.raises(ValueError, match="no trainable parameter"):
        parameter_groups(freeze(chain))
