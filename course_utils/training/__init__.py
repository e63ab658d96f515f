"""Training with every step visible: a flat loop, a frozen recipe, checkpoints that survive anything.

from course_utils.training import RECIPES, fit

history = fit(model, fashion_mnist("train"), fashion_mnist("test"), RECIPES["fashion-mnist"])
"""

from course_utils.training.checkpoint import Checkpoint, CheckpointError, load_checkpoint, save_checkpoint
from course_utils.training.devices import best_device
from course_utils.training.diagnostics import (
    gradient_norms,
    initial_loss_check,
    learning_rate_range_test,
    overfit,
)
from course_utils.training.history import History, Row
from course_utils.training.loop import NonFiniteLoss, evaluate, fit, fit_iter
from course_utils.training.recipe import RECIPES, Recipe

__all__ = [
    "RECIPES",
    "Checkpoint",
    "CheckpointError",
    "History",
    "NonFiniteLoss",
    "Recipe",
    "Row",
    "best_device",
    "evaluate",
    "fit",
    "fit_iter",
    "gradient_norms",
    "initial_loss_check",
    "learning_rate_range_test",
    "load_checkpoint",
    "overfit",
    "save_checkpoint",
]
