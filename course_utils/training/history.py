"""What a run leaves behind: one row an epoch."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Row:
    """One epoch of training.

    ``epoch`` counts from 1; ``seconds`` is training time alone, without validation and
    without compilation for whole batches (a smaller last one is compiled in the first epoch);
    ``images_per_second`` goes with it; losses are means an image; accuracies are fractions;
    ``lr`` is the rate of the last step; ``peak_memory`` is bytes (CUDA only, else 0).
    Validation fields are ``None`` where there was no validation set.
    """

    epoch: int
    seconds: float
    images_per_second: float
    train_loss: float
    train_accuracy: float
    valid_loss: float | None
    valid_accuracy: float | None
    lr: float
    peak_memory: int = 0

    def __str__(self) -> str:
        valid = (
            ""
            if self.valid_accuracy is None
            else f"  valid {self.valid_loss:.3f} {100 * self.valid_accuracy:5.2f} %"
        )
        return (
            f"epoch {self.epoch:3d}  train {self.train_loss:.3f} {100 * self.train_accuracy:5.2f} %{valid}"
            f"  lr {self.lr:.4g}  {self.images_per_second:,.0f} images/s"
        )


@dataclass
class History:
    """The rows of a run, with the recipe that made them."""

    recipe: dict[str, Any]
    rows: list[Row] = field(default_factory=list)

    @property
    def best(self) -> Row:
        """The epoch with the highest validation accuracy, the first of equals."""
        if not self.rows:
            raise ValueError("the history has no rows: nothing was trained")
        return max(self.rows, key=lambda row: (row.valid_accuracy or 0.0, -row.epoch))

    @property
    def seconds(self) -> float:
        """Training time of all epochs."""
        return sum(row.seconds for row in self.rows)

    def to_frame(self):
        """A pandas ``DataFrame``, one row an epoch."""
        import pandas as pd

        return pd.DataFrame([dataclasses.asdict(row) for row in self.rows]).set_index("epoch")

    def to_json(self, path: str | Path) -> None:
        """Write recipe and rows to ``path``."""
        data = {"recipe": self.recipe, "rows": [dataclasses.asdict(row) for row in self.rows]}
        Path(path).write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")

    def plot(self, axes=None):
        """Loss (left) and accuracy (right) over epochs; returns the two matplotlib axes."""
        import matplotlib.pyplot as plt

        if axes is None:
            _, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
        epochs = [row.epoch for row in self.rows]
        for axis, quantity in zip(axes, ("loss", "accuracy"), strict=True):
            axis.plot(epochs, [getattr(row, f"train_{quantity}") for row in self.rows], label="training")
            if self.rows and self.rows[0].valid_loss is not None:
                axis.plot(
                    epochs, [getattr(row, f"valid_{quantity}") for row in self.rows], label="validation"
                )
            axis.set(xlabel="epoch", ylabel=quantity)
            axis.legend()
        return axes
