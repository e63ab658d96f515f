"""The training loop: flat, every step visible.

``fit_iter`` is a generator: it does one epoch and hands over a row. Early stopping, live
plots and pausing are ordinary Python around it::

    for row in fit_iter(model, train, valid, recipe):
        print(row)
        if row.valid_accuracy > 0.9:
            break
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.training import checkpoint as checkpoints
from course_utils.training import devices
from course_utils.training.average import WeightAverage
from course_utils.training.history import History, Row
from course_utils.training.modes import evaluating
from course_utils.training.optimizers import Plateau, load_optimizer, make_optimizer, parameter_groups
from course_utils.training.recipe import Recipe

# How often the loop looks whether the loss is still a number. Looking means waiting for the device.
STEPS_BETWEEN_LOOKS = 50


class NonFiniteLoss(FloatingPointError):
    """The loss became NaN or infinite; the message says at which step, batch and learning rate."""


def fit_iter(
    model: nn.Module,
    train: Any,
    valid: Any,
    recipe: Recipe,
    *,
    device: str | torch.device | None = None,
    checkpoint: str | Path | None = None,
    groups: list[dict] | None = None,
    accelerator: Any = None,
) -> Generator[Row, None, list[Row]]:
    """Train ``model`` in place, one :class:`Row` an epoch.

    Whenever a row is handed over, ``model`` holds the weights that were validated: the
    average where the recipe keeps one, else the trained ones.

    Args:
        model: any network from ``(B, C, H, W)`` to logits ``(B, classes)``.
        train: a loader (``DeviceLoader``, ``DataLoader``: anything that yields
            ``(images, labels)``), or a tuple ``(uint8 images, labels, ...)``, from which a
            shuffling ``DeviceLoader`` is made.
        valid: the same, or ``None``.
        recipe: see :class:`Recipe`.
        device: default :func:`best_device`.
        checkpoint: file to save to after every epoch. If it is there already, the run goes on
            from it, and on a CPU ends bit for bit as if it had never stopped (but for what a
            ``DataLoader``'s persistent workers draw). Rows of epochs already done are not
            yielded again; they are in what the drained generator returns.
        groups: parameter groups (``params``, ``lr_scale``, ``weight_decay``) in place of the
            recipe's own.
        accelerator: a Hugging Face ``Accelerator`` for several processes; it then decides
            device and precision.

    Returns:
        To ``rows = yield from fit_iter(...)`` all rows of the run.

    Raises:
        NonFiniteLoss: the loss is NaN or infinite.
        CheckpointError: ``checkpoint`` belongs to another network, recipe or ``groups``, or is damaged.
        ValueError: an empty loader, nothing to train, no validation set where the schedule
            follows it, images to validate on that nobody knows how to normalise, an
            accelerator set up for what this loop does not do.
    """
    run = _Run(model, train, valid, recipe, device, groups, accelerator)
    if checkpoint is not None:
        run.resume_or_save(Path(checkpoint))
    network, optimizer, scaler, steps = run.network, run.optimizer, run.scaler, len(run.train)
    run.warm_up()

    while run.epoch < recipe.epochs:
        run.average.hide()
        model.train()
        if hasattr(run.train, "set_epoch"):
            run.train.set_epoch(run.epoch)
        loss_sum = correct = torch.zeros((), device=run.device)
        seen, lr = 0, recipe.lr
        watch = _LossWatch(run)
        devices.reset_peak_memory(run.device)
        devices.synchronize(run.device)
        start = time.perf_counter()

        for step, (images, labels) in enumerate(run.train):
            lr = recipe.rate(run.epoch + (step + 0.5) / steps) * run.plateau.state["multiplier"]
            for group in optimizer.param_groups:
                group["lr"] = lr * group["lr_scale"]

            images, labels = run.place(images), devices.move(labels, run.device)
            with run.autocast():
                logits = network(images)
                loss = F.cross_entropy(logits.float(), labels, label_smoothing=recipe.label_smoothing)

            model.zero_grad(set_to_none=True)
            run.backward(loss)
            if recipe.clip:
                run.clip(recipe.clip)
            scaler.step(optimizer)
            scaler.update()
            run.average.update()

            # Sums stay on the device: reading one number a step would make it wait each time.
            loss = loss.detach()
            target = labels if labels.ndim == 1 else labels.argmax(1)
            loss_sum = loss_sum + loss * len(images)
            correct = correct + (logits.detach().argmax(1) == target).sum()
            seen += len(images)
            watch.see(loss, step, lr)

        watch.look()
        loss_sum, correct, seen = run.total(loss_sum, correct, seen)
        devices.synchronize(run.device)
        seconds = time.perf_counter() - start

        run.average.show()
        valid_loss, valid_accuracy = run.validate()
        run.plateau.see(valid_loss)
        run.epoch += 1
        row = Row(
            epoch=run.epoch,
            seconds=seconds,
            images_per_second=seen / seconds,
            train_loss=loss_sum / seen,
            train_accuracy=correct / seen,
            valid_loss=valid_loss,
            valid_accuracy=valid_accuracy,
            lr=lr,
            peak_memory=devices.peak_memory(run.device),
        )
        run.rows.append(row)
        if checkpoint is not None:
            run.save(Path(checkpoint))
        yield row
    return run.rows


def fit(
    model: nn.Module, train: Any, valid: Any, recipe: Recipe, *, progress: bool = True, **options: Any
) -> History:
    """Drain :func:`fit_iter` with a progress bar and return the :class:`History`.

    Takes the same arguments. The history is of the whole run, also where it goes on from a
    checkpoint or had ended before. Ctrl-C ends the run at once; the history so far is lost, the
    checkpoint of the last whole epoch is not.
    """
    from tqdm.auto import tqdm

    history = History(recipe.to_dict())

    def epochs() -> Iterator[Row]:
        history.rows = yield from fit_iter(model, train, valid, recipe, **options)

    with tqdm(total=recipe.epochs, unit="epoch", disable=not progress) as bar:
        for row in epochs():
            bar.update(row.epoch - bar.n)
            bar.set_postfix_str(str(row).split("  ", 1)[1])
        bar.update(len(history.rows) - bar.n)
    return history


@torch.no_grad()
def evaluate(
    model: nn.Module,
    loader: Iterable,
    *,
    device: str | torch.device | None = None,
    precision: str = "float32",
    accelerator: Any = None,
) -> tuple[float, float]:
    """Mean cross-entropy and accuracy of ``model`` over ``loader``, in eval mode.

    The modes of the model's parts are put back. With an ``accelerator`` (and a loader it prepared) every
    image counts once, whatever the number of processes.

    Raises:
        ValueError: the loader yields nothing.
    """
    device = accelerator.device if accelerator is not None else _device_of(model, device)
    loss_sum = torch.zeros((), device=device)
    correct, seen = torch.zeros((), device=device), 0
    with evaluating(model):
        for images, labels in loader:
            with devices.autocast(device, precision) if accelerator is None else accelerator.autocast():
                logits = model(devices.move(images, device)).float()
            labels = devices.move(labels, device)
            if accelerator is not None:
                logits, labels = accelerator.gather_for_metrics((logits, labels))
            loss_sum += F.cross_entropy(logits, labels, reduction="sum")
            correct += (logits.argmax(1) == labels).sum()
            seen += len(labels)
    if not seen:
        raise ValueError("the loader yields no batch: there is nothing to evaluate on")
    return loss_sum.item() / seen, correct.item() / seen


def _device_of(model: nn.Module, device: str | torch.device | None) -> torch.device:
    if device is not None:
        return torch.device(device)
    return devices.device_of(model, otherwise=devices.best_device())


class _LossWatch:
    """Remembers on the device the first step whose loss is no number, and looks from time to time."""

    def __init__(self, run: _Run):
        self.run = run
        self.first = torch.full((), math.inf, device=run.device)
        self.rates: list[float] = []

    def see(self, loss: Tensor, step: int, lr: float) -> None:
        self.rates.append(lr)
        bad = torch.where(torch.isfinite(loss), math.inf, float(step))
        self.first = torch.minimum(self.first, bad)
        if (step + 1) % STEPS_BETWEEN_LOOKS == 0:
            self.look()

    def look(self) -> None:
        first = self.first.item()
        if first == math.inf:
            return
        batch, epoch, steps = int(first), self.run.epoch, len(self.run.train)
        raise NonFiniteLoss(
            f"the loss is not a finite number at step {epoch * steps + batch} "
            f"(epoch {epoch + 1}, batch {batch + 1} of {steps}), learning rate {self.rates[batch]:.4g}: "
            "try a lower rate, a longer warm-up or gradient clipping, and look at that batch's values"
        )


class _Run:
    """The state of one call of :func:`fit_iter`, and the seams: device, precision, processes, saving."""

    def __init__(self, model, train, valid, recipe: Recipe, device, groups, accelerator):
        self.model, self.recipe, self.accelerator = model, recipe, accelerator
        self.device = (
            accelerator.device if accelerator is not None else torch.device(device or devices.best_device())
        )
        model.to(self.device)
        self.memory_format = torch.channels_last if recipe.channels_last else torch.contiguous_format
        model.to(memory_format=self.memory_format)
        self.train = _as_loader(train, recipe, self.device, shuffle=True)
        self.valid = None if valid is None else _as_loader(valid, recipe, self.device, like=self.train)
        if len(self.train) == 0:
            raise ValueError("the training loader yields no batch: there is nothing to train on")
        if valid is None and recipe.schedule == "plateau":
            raise ValueError("schedule 'plateau' follows the validation loss: give a validation set")
        _check_accelerator(accelerator, self.train, self.valid)
        self.optimizer = make_optimizer(parameter_groups(model, recipe) if groups is None else groups, recipe)
        self.plateau = Plateau(recipe)
        self.scaler = torch.amp.GradScaler(
            self.device.type, enabled=recipe.precision == "float16" and accelerator is None
        )
        self.average = WeightAverage(model, recipe.ema)
        self.network = model
        if accelerator is not None:
            self.network, self.optimizer, self.train = accelerator.prepare(model, self.optimizer, self.train)
            if self.valid is not None:
                self.valid = accelerator.prepare(self.valid)
        elif recipe.compile:
            self.network = torch.compile(model)
        self.epoch, self.rows = 0, []
        torch.manual_seed(recipe.seed)

    def autocast(self):
        if self.accelerator is not None:
            return self.accelerator.autocast()
        return devices.autocast(self.device, self.recipe.precision)

    def place(self, images: Tensor) -> Tensor:
        return devices.move(images, self.device, memory_format=self.memory_format)

    def backward(self, loss: Tensor) -> None:
        if self.accelerator is not None:
            self.accelerator.backward(loss)
        else:
            self.scaler.scale(loss).backward()

    def clip(self, largest: float) -> None:
        if self.accelerator is not None:
            self.accelerator.clip_grad_norm_(self.trained(), largest)
        else:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.trained(), largest)

    def trained(self) -> list[nn.Parameter]:
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def total(self, loss_sum: Tensor, correct: Tensor, seen: int) -> tuple[float, float, int]:
        sums = torch.stack([loss_sum, correct, torch.tensor(float(seen), device=self.device)])
        if self.accelerator is not None:
            sums = self.accelerator.reduce(sums, reduction="sum")
        loss, right, number = sums.tolist()
        return loss, right, int(number)

    def validate(self) -> tuple[float | None, float | None]:
        if self.valid is None:
            return None, None
        return evaluate(
            self.network,
            self.valid,
            device=self.device,
            precision=self.recipe.precision,
            accelerator=self.accelerator,
        )

    def warm_up(self) -> None:
        """Compile before the clock starts: one pass forward and back whose effects are undone."""
        if not self.recipe.compile or self.accelerator is not None:
            return
        state = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        rng = self.rng_state()
        self.model.train()
        images, labels = next(iter(self.train))
        with self.autocast():
            loss = F.cross_entropy(self.network(self.place(images)).float(), labels.to(self.device))
        loss.backward()
        self.model.zero_grad(set_to_none=True)
        self.model.load_state_dict(state)
        self.set_rng_state(rng)

    def rng_state(self) -> dict[str, Any]:
        """The global random numbers' state, and that of the loader's own."""
        own = {name: generator.get_state() for name, generator in _generators(self.train).items()}
        return checkpoints.rng_state() | own

    def set_rng_state(self, state: dict[str, Any]) -> None:
        for name, generator in _generators(self.train).items():
            if name in state:
                generator.set_state(state[name])
        checkpoints.set_rng_state(state)

    def save(self, path: Path) -> None:
        if self.accelerator is not None and not self.accelerator.is_main_process:
            return
        checkpoints.save_checkpoint(
            path,
            checkpoints.Checkpoint(
                model=self.average.trained_state(),
                ema=self.average.state,
                optimizer=self.optimizer.state_dict(),
                rng=self.rng_state(),
                header={
                    "recipe": self.recipe.to_dict(),
                    "epoch": self.epoch,
                    "rows": [vars(row) for row in self.rows],
                    "plateau": self.plateau.state,
                    "scaler": self.scaler.state_dict(),
                    "versions": {"torch": torch.__version__, "numpy": np.__version__},
                },
            ),
        )

    def resume_or_save(self, path: Path) -> None:
        """Go on from ``path`` if it is there; else save there at once, to find out now whether one can."""
        if not checkpoints.exists(path):
            self.save(path)
            return
        found = checkpoints.load_checkpoint(path)
        other = Recipe(**found.header["recipe"])
        changed = [
            f"{name} was {value!r}, is {getattr(self.recipe, name)!r}"
            for name, value in other.to_dict().items()
            if name != "note" and value != getattr(self.recipe, name)
        ]
        if changed:
            raise checkpoints.CheckpointError(
                f"{path} was made with another recipe ({'; '.join(changed)}): give a new file, or that recipe"
            )
        checkpoints.load_into(self.model, found.model, path)
        if self.recipe.ema:
            self.average.load({name: tensor.to(self.device) for name, tensor in found.ema.items()})
            self.average.show()
        load_optimizer(self.optimizer, found.optimizer, path)
        self.plateau.state = dict(found.header["plateau"])
        self.scaler.load_state_dict(found.header["scaler"])
        self.epoch = found.header["epoch"]
        self.rows = [Row(**row) for row in found.header["rows"]]
        self.set_rng_state(found.rng)


def _as_loader(
    data: Any, recipe: Recipe, device: torch.device, *, shuffle: bool = False, like: Any = None
) -> Any:
    if not isinstance(data, tuple):
        return data
    images, labels = data[:2]  # `fashion_mnist` hands over class names as well
    from course_utils.data.device_loader import DeviceLoader

    if not (like is None or isinstance(like, DeviceLoader)):
        raise ValueError(
            "valid is a tuple of images, but how the training loader's were normalised is its secret: "
            "give a loader that treats them alike"
        )
    size = recipe.batch_size if shuffle else max(recipe.batch_size, 500)
    return DeviceLoader(images, labels, size, device=device, shuffle=shuffle, like=like, seed=recipe.seed)


def _generators(loader: Any) -> dict[str, torch.Generator]:
    """The generators that a loader or its sampler draws from, by the names they have in a checkpoint."""
    found = {
        "loader": getattr(loader, "generator", None),
        "sampler": getattr(getattr(loader, "sampler", None), "generator", None),
    }
    return {name: generator for name, generator in found.items() if isinstance(generator, torch.Generator)}


def _check_accelerator(accelerator: Any, *loaders: Any) -> None:
    if accelerator is None:
        return
    if accelerator.gradient_accumulation_steps != 1:
        raise ValueError(
            f"the accelerator accumulates gradients over {accelerator.gradient_accumulation_steps} steps, "
            "this loop takes a step a batch: give it larger batches"
        )
    from course_utils.data.device_loader import DeviceLoader

    if accelerator.num_processes > 1 and any(isinstance(loader, DeviceLoader) for loader in loaders):
        raise ValueError(
            "a DeviceLoader gives every process all images: give torch.utils.data.DataLoaders, which the "
            "accelerator shares out"
        )
