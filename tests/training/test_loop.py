"""The loop: it learns, it says what it did, it goes on where it stopped, it stops when it must."""

import copy
import math
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

from course_utils.data.augment import Cutout, Flip
from course_utils.data.device_loader import DeviceLoader
from course_utils.training import (
    CheckpointError,
    NonFiniteLoss,
    Recipe,
    evaluate,
    fit,
    fit_iter,
    load_checkpoint,
)
from course_utils.training.optimizers import make_optimizer

RECIPE = Recipe(
    epochs=6, batch_size=16, lr=0.1, schedule="cosine", warmup=1, nesterov=True, weight_decay=1e-3, seed=5
)


def weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_it_learns_and_reports(halves, small_net):
    history = fit(small_net(), halves, halves, RECIPE.replace(epochs=10), device="cpu", progress=False)
    assert [row.epoch for row in history.rows] == list(range(1, 11))
    last = history.rows[-1]
    assert last.valid_accuracy == 1.0 and last.valid_loss < 0.2
    assert 0 < last.lr < RECIPE.lr / 50  # the last step still counts
    assert all(row.images_per_second > 0 and row.seconds > 0 for row in history.rows)
    assert history.to_frame().loc[10, "valid_accuracy"] == 1.0
    assert history.best.valid_accuracy == 1.0


def test_one_step_is_the_textbooks(halves):
    """Against a step written out by hand: SGD with momentum and decay on mean cross-entropy."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    w = model[1].weight.detach().clone().requires_grad_()
    b = model[1].bias.detach().clone().requires_grad_()
    loader = DeviceLoader(*halves, 96)
    recipe = Recipe(epochs=3, batch_size=96, lr=0.2, momentum=0.8, weight_decay=0.01, label_smoothing=0.1)
    rows = list(fit_iter(model, loader, None, recipe, device="cpu"))

    ((images, labels),) = DeviceLoader(*halves, 96)
    velocity, losses = [torch.zeros_like(w), torch.zeros_like(b)], []
    for _ in range(3):
        log_p = F.log_softmax(images.flatten(1) @ w.T + b, 1)
        target = F.one_hot(labels, 2) * 0.9 + 0.1 / 2
        loss = -(target * log_p).sum(1).mean()
        losses.append(loss.item())
        for i, (p, g) in enumerate(zip((w, b), torch.autograd.grad(loss, (w, b)), strict=True)):
            velocity[i] = 0.8 * velocity[i] + g + 0.01 * p.detach()
            p.data -= 0.2 * velocity[i]
    assert torch.allclose(model[1].weight, w, atol=1e-6) and torch.allclose(model[1].bias, b, atol=1e-6)
    assert [row.train_loss for row in rows] == pytest.approx(losses, abs=1e-6)
    assert rows[0].valid_loss is None


def test_vectors_can_be_left_undecayed(halves, small_net):
    from course_utils.training.optimizers import parameter_groups

    groups = parameter_groups(small_net(), RECIPE.replace(decay_vectors=False))
    assert [g.get("weight_decay") for g in groups] == [None, 0.0]
    assert {p.ndim for p in groups[0]["params"]} == {2, 4} and {p.ndim for p in groups[1]["params"]} == {1}


def test_groups_scale_the_rate(halves, small_net):
    model = small_net()
    frozen = weights(model)
    groups = [{"params": [model[0].weight], "lr_scale": 0.0}, {"params": list(model[6].parameters())}]
    list(fit_iter(model, halves, None, RECIPE.replace(epochs=1), device="cpu", groups=groups))
    assert torch.equal(model[0].weight, frozen["0.weight"])
    assert not torch.equal(model[6].weight, frozen["6.weight"])


def test_groups_may_hand_over_their_parameters_one_by_one(halves, small_net):
    a, b = small_net(), small_net()
    list(
        fit_iter(a, halves, None, RECIPE.replace(epochs=1), device="cpu", groups=[{"params": a.parameters()}])
    )
    list(fit_iter(b, halves, None, RECIPE.replace(epochs=1), device="cpu"))
    assert same(weights(a), weights(b)) and not same(weights(a), weights(small_net()))


def test_what_does_not_learn_neither_gathers_gradients_nor_counts_in_clipping(halves, small_net):
    """The head's steps are those that it takes when the body is frozen."""
    recipe = RECIPE.replace(epochs=4, clip=0.05)
    a, b = small_net(), small_net()
    list(fit_iter(a, halves, None, recipe, device="cpu", groups=[{"params": a[6].parameters()}]))
    b[:6].requires_grad_(False)
    list(fit_iter(b, halves, None, recipe, device="cpu"))
    assert same(weights(a), weights(b))


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
def test_a_parameter_may_have_its_first_gradient_late(optimizer, halves, small_net):
    class Sometimes(nn.Module):  # as in stochastic depth
        def __init__(self):
            super().__init__()
            self.net, self.extra, self.calls = small_net(), nn.Linear(64, 2), 0

        def forward(self, x):
            self.calls += 1
            return self.net(x) + (self.extra(x.flatten(1)) if self.calls > 3 else 0)

    model = Sometimes()
    start = model.extra.weight.detach().clone()
    list(fit_iter(model, halves, None, RECIPE.replace(epochs=2, optimizer=optimizer), device="cpu"))
    assert model.extra.weight.isfinite().all() and not torch.equal(model.extra.weight, start)


def test_momentum_starts_at_zero_even_if_the_first_step_overflows(small_net):
    """The fused kernel skips a step that overflows; what it finds as momentum in the next must be zero."""
    sgd = make_optimizer([{"params": small_net().parameters()}], RECIPE.replace(precision="float16"))
    assert all(not sgd.state[p]["momentum_buffer"].any() for g in sgd.param_groups for p in g["params"])


def test_validation_leaves_each_part_in_its_own_mode(halves, small_net):
    model = small_net().train()
    model[1].eval()
    evaluate(model, DeviceLoader(*halves, 32))
    assert model.training and model[0].training and not model[1].training
    with pytest.raises(RuntimeError, match="channels"):
        evaluate(model, [(torch.zeros(2, 3, 8, 8), torch.zeros(2))])
    assert model.training and not model[1].training


def test_images_that_nobody_knows_how_to_normalise_are_refused(halves, small_net):
    images, labels = torch.from_numpy(halves[0]).float() / 255, torch.from_numpy(halves[1])
    loader = DataLoader(TensorDataset(images, labels), 16)
    with pytest.raises(ValueError, match="give a loader that treats them alike"):
        list(fit_iter(small_net(), loader, halves, RECIPE, device="cpu"))


def test_a_checkpoint_made_with_other_rates_or_frozen_parts_is_refused(halves, small_net, tmp_path):
    path, recipe = tmp_path / "run.safetensors", RECIPE.replace(epochs=1)
    model = small_net()
    groups = [{"params": model.parameters(), "lr_scale": 0.1}]
    list(fit_iter(model, halves, None, recipe, device="cpu", groups=groups, checkpoint=path))
    for other in ([{"params": model.parameters()}], [{"params": model[6].parameters(), "lr_scale": 0.1}]):
        with pytest.raises(CheckpointError, match="made with other parameter groups"):
            list(fit_iter(model, halves, None, recipe, device="cpu", groups=other, checkpoint=path))


def test_an_accelerator_for_what_this_loop_does_not_do_is_refused(halves, small_net):
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True, gradient_accumulation_steps=4)
    with pytest.raises(ValueError, match="accumulates gradients over 4 steps"):
        list(fit_iter(small_net(), halves, None, RECIPE, accelerator=accelerator))


def test_the_rate_falls_at_its_milestone_not_a_step_before(halves, small_net):
    recipe = RECIPE.replace(schedule="steps", milestones=(1, 2), warmup=0, epochs=3)
    rows = list(fit_iter(small_net(), halves, None, recipe, device="cpu"))
    assert [row.lr for row in rows] == pytest.approx([0.1, 0.01, 0.001])


def test_the_same_seed_gives_the_same_run(halves, small_net):
    a, b = small_net(), small_net()
    for model in (a, b):
        loader = DeviceLoader(*halves, 16, shuffle=True, augment=[Flip(), Cutout(3)], seed=1)
        list(fit_iter(model, loader, None, RECIPE.replace(epochs=2), device="cpu"))
    assert same(weights(a), weights(b))


KINDS = ["device loader", "torch loader", "sampler", "average", "adam", "plateau", "float16", "channels last"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_resumed_run_equals_the_uninterrupted_one(kind, halves, small_net, tmp_path):
    recipe = {
        "average": RECIPE.replace(ema=0.9),
        "adam": RECIPE.replace(optimizer="adamw", lr=0.01),
        "plateau": RECIPE.replace(schedule="plateau", patience=1, factor=0.5),
        "float16": RECIPE.replace(precision="float16"),
        "channels last": RECIPE.replace(channels_last=True),
    }.get(kind, RECIPE)
    torchs = kind in ("torch loader", "sampler")

    def loader():
        if torchs:
            images, labels = torch.from_numpy(halves[0]).float() / 255, torch.from_numpy(halves[1])
            generator = torch.Generator().manual_seed(7)
            if kind == "sampler":
                sampler = RandomSampler(images, generator=generator)
                return DataLoader(TensorDataset(images, labels), 16, sampler=sampler)
            return DataLoader(TensorDataset(images, labels), 16, shuffle=True, generator=generator)
        return DeviceLoader(*halves, 16, shuffle=True, augment=[Flip(), Cutout(3)], seed=2)

    whole = small_net()
    rows = list(fit_iter(whole, loader(), None if torchs else halves, recipe, device="cpu"))

    path = tmp_path / "run.safetensors"
    valid = None if torchs else halves
    first = small_net()
    for row in fit_iter(first, loader(), valid, recipe, device="cpu", checkpoint=path):
        if row.epoch == 2:
            break
    torch.rand(17)  # whatever happened in between
    second = small_net(2)
    second[0].weight.data.zero_()  # the file decides, not what the model holds
    rest = list(fit_iter(second, loader(), valid, recipe, device="cpu", checkpoint=path))

    assert [row.epoch for row in rest] == [3, 4, 5, 6]
    assert same(weights(whole), weights(second))
    for a, b in zip(rows[2:], rest, strict=True):
        assert (a.train_loss, a.valid_loss, a.valid_accuracy, a.lr) == (
            b.train_loss,
            b.valid_loss,
            b.valid_accuracy,
            b.lr,
        )
    # A finished run has nothing left to do, and hands out the same network.
    third = small_net()
    assert list(fit_iter(third, loader(), valid, recipe, device="cpu", checkpoint=path)) == []
    assert same(weights(whole), weights(third))


def test_the_history_is_of_the_whole_run_however_often_it_was_resumed(halves, small_net, tmp_path):
    """Run a notebook's cell again: the curve is still there."""
    path = tmp_path / "run.safetensors"

    def run():
        return fit(small_net(), halves, halves, RECIPE, device="cpu", checkpoint=path, progress=False)

    for row in fit_iter(small_net(), halves, halves, RECIPE, device="cpu", checkpoint=path):
        if row.epoch == 2:
            break
    resumed, finished = run(), run()
    assert [row.epoch for row in resumed.rows] == [1, 2, 3, 4, 5, 6]
    assert finished.rows == resumed.rows
    assert finished.best == resumed.best


def test_the_average_is_what_is_validated_and_what_stays(halves, small_net):
    model = small_net()
    recipe = RECIPE.replace(ema=0.8, epochs=3)
    loader = DeviceLoader(*halves, 32)
    for row in fit_iter(model, halves, loader, recipe, device="cpu"):
        assert evaluate(model, loader) == pytest.approx((row.valid_loss, row.valid_accuracy), abs=1e-6)
    assert evaluate(model, loader)[0] == pytest.approx(row.valid_loss, abs=1e-6)


def test_the_average_against_its_definition(halves):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    twin = copy.deepcopy(model)
    recipe = Recipe(epochs=2, batch_size=96, lr=0.1, ema=0.75)
    loader = DeviceLoader(*halves, 96)
    average = twin[1].weight.detach().clone()
    for _ in fit_iter(twin, loader, None, recipe.replace(ema=0.0), device="cpu"):
        average = 0.75 * average + 0.25 * twin[1].weight.detach()
    list(fit_iter(model, loader, None, recipe, device="cpu"))
    assert torch.allclose(model[1].weight, average, atol=1e-7)


def test_ctrl_c_leaves_the_last_whole_epoch(halves, small_net, tmp_path):
    path = tmp_path / "run.safetensors"

    class Interrupted(DeviceLoader):
        def __iter__(self):
            for number, batch in enumerate(super().__iter__()):
                if self.epoch == 3 and number == 2:
                    raise KeyboardInterrupt
                yield batch

    with pytest.raises(KeyboardInterrupt):
        list(fit_iter(small_net(), Interrupted(*halves, 16), None, RECIPE, device="cpu", checkpoint=path))
    assert load_checkpoint(path).header["epoch"] == 2
    rest = list(fit_iter(small_net(), DeviceLoader(*halves, 16), None, RECIPE, device="cpu", checkpoint=path))
    assert [row.epoch for row in rest] == [3, 4, 5, 6]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_no_number_stops_the_run_and_says_where(bad, halves, small_net, tmp_path):
    class Poisoned(DeviceLoader):
        def __iter__(self):
            for number, (images, labels) in enumerate(super().__iter__()):
                yield (images * bad if self.epoch == 2 and number == 3 else images), labels

    path = tmp_path / "run.safetensors"
    loader = Poisoned(*halves, 16)
    lr = RECIPE.rate(1 + 3.5 / 6)
    with pytest.raises(NonFiniteLoss, match=rf"step 9 \(epoch 2, batch 4 of 6\), learning rate {lr:.4g}"):
        list(fit_iter(small_net(), loader, None, RECIPE, device="cpu", checkpoint=path))
    kept = load_checkpoint(path)
    assert kept.header["epoch"] == 1
    assert all(torch.isfinite(t.float()).all() for t in kept.model.values())


def test_a_checkpoint_of_another_network_or_recipe_is_refused(halves, small_net, tmp_path):
    path = tmp_path / "run.safetensors"
    recipe = RECIPE.replace(epochs=1)
    list(fit_iter(small_net(), halves, None, recipe, device="cpu", checkpoint=path))
    with pytest.raises(
        CheckpointError, match=r"is not a checkpoint of this Sequential: 6\.weight: \(2, 16\) for \(3, 16\)"
    ):
        list(fit_iter(small_net(3), halves, None, recipe, device="cpu", checkpoint=path))
    with pytest.raises(CheckpointError, match=r"another recipe \(lr was 0.1, is 0.2\)"):
        list(fit_iter(small_net(), halves, None, recipe.replace(lr=0.2), device="cpu", checkpoint=path))


def test_plateau_lowers_the_rate_when_the_loss_stalls(halves, small_net):
    recipe = RECIPE.replace(schedule="plateau", patience=2, factor=0.1, warmup=0, epochs=7, lr=1e-9)
    loader = DeviceLoader(*halves, 32)
    model = small_net()
    model[1].momentum = 0.0  # with frozen statistics and next to no rate the loss hardly moves
    rates = [row.lr for row in fit_iter(model, loader, loader, recipe, device="cpu")]
    drops = [round(math.log10(a / b)) for a, b in pairwise(rates)]
    assert sum(drops) >= 2 and set(drops) <= {0, 1}


def test_plateau_needs_a_validation_set(halves, small_net):
    model = small_net()
    with pytest.raises(ValueError, match="plateau.*give a validation set"):
        list(fit_iter(model, halves, None, RECIPE.replace(schedule="plateau"), device="cpu"))
    assert same(weights(model), weights(small_net())), "before anything is trained"


def test_nothing_to_train_is_said(halves, small_net):
    model = small_net().requires_grad_(False)
    with pytest.raises(ValueError, match="no trainable parameter"):
        list(fit_iter(model, halves, None, RECIPE, device="cpu"))
    with pytest.raises(ValueError, match="yields no batch"):
        list(fit_iter(small_net(), [], None, RECIPE, device="cpu"))


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_lower_precisions_learn_too(precision, halves, small_net):
    recipe = RECIPE.replace(precision=precision, epochs=10, channels_last=True)
    history = fit(small_net(), halves, halves, recipe, device="cpu", progress=False)
    assert history.rows[-1].valid_accuracy > 0.95


def test_gradient_clipping_bounds_the_step(halves):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    before = weights(model)
    recipe = Recipe(epochs=1, batch_size=96, lr=1.0, momentum=0.0, clip=0.01)
    list(fit_iter(model, DeviceLoader(*halves, 96), None, recipe, device="cpu"))
    moved = math.sqrt(sum((model.state_dict()[n] - before[n]).square().sum().item() for n in before))
    assert moved == pytest.approx(0.01, rel=1e-3)


def test_evaluate_counts_every_image_and_puts_the_mode_back(halves, small_net):
    model = small_net().train()
    loss, accuracy = evaluate(model, DeviceLoader(*halves, 7))
    assert model.training
    model.eval()
    ((images, labels),) = DeviceLoader(*halves, 96)
    with torch.no_grad():
        logits = model(images)
    assert loss == pytest.approx(F.cross_entropy(logits, labels).item(), abs=1e-6)
    assert accuracy == pytest.approx((logits.argmax(1) == labels).float().mean().item())
    with pytest.raises(ValueError, match="nothing to evaluate"):
        evaluate(model, [])


def test_the_loop_fits_on_a_page():
    """A chapter prints it whole."""
    import inspect

    source = inspect.getsource(fit_iter).split('"""')[2]
    assert len(source.strip().splitlines()) <= 80
