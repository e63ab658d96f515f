"""Sigmoid against ReLU (and tanh): the same six convolutions, each at several learning rates.

The decks' point (and Krizhevsky et al. 2012, figure 1) is speed of learning: a sigmoid's slope is at most
1/4, so gradients shrink from layer to layer. No normalisation here, which would hide that. Each activation
gets the initialisation made for it and is judged by its best rate.
"""

from course_utils.experiments.experiment import Case, Experiment
from course_utils.experiments.training import best, train
from course_utils.training import Recipe

RATES = (0.01, 0.1, 1.0)
RECIPE = Recipe(
    epochs=5,
    batch_size=64,
    lr=0.1,
    schedule="triangle",
    warmup=1,
    precision="bfloat16",
    channels_last=True,
    note="Short, so that speed of learning decides.",
)


def _case(activation: str, lr: float) -> Case:
    return Case(
        f"{activation}, rate {lr:g}",
        {
            "network": {"name": "chain", "side": 14, "norm": False, "activation": activation},
            "data": {"train": 2000, "test": 1000, "side": 14},
            "recipe": RECIPE.replace(lr=lr).to_dict(),
            "seeds": [0, 1],
        },
    )


def findings(outcomes):
    relu, tanh, sigmoid = (best(outcomes, name) for name in ("relu", "tanh", "sigmoid"))
    return {
        "ReLU's best rate beats sigmoid's best by more than ten points": relu > sigmoid + 0.10,
        "tanh's best rate beats sigmoid's best": tanh > sigmoid,
        "sigmoid stays within five points of guessing at every rate": sigmoid < 0.15,
    }


EXPERIMENT = Experiment(
    question="Six convolutions without normalisation: how far do they get in five epochs with ReLU, tanh, "
    "sigmoid?",
    cases=tuple(_case(activation, lr) for activation in ("relu", "tanh", "sigmoid") for lr in RATES),
    run=train,
    findings=findings,
    tolerance=0.06,
)
