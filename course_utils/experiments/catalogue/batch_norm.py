"""With and without batch normalisation: the same chain at three learning rates.

Ioffe and Szegedy (arXiv:1502.03167) claim faster learning and tolerance of high rates.
"""

from course_utils.experiments.experiment import Case, Experiment
from course_utils.experiments.training import best, train
from course_utils.training import Recipe

RATES = (0.01, 0.1, 1.0)
RECIPE = Recipe(epochs=5, batch_size=64, lr=0.1, precision="bfloat16", channels_last=True)


def _case(norm: bool, lr: float) -> Case:
    return Case(
        f"{'with' if norm else 'without'}, rate {lr:g}",
        {
            "network": {"name": "chain", "side": 14, "norm": norm},
            "data": {"train": 2000, "test": 1000, "side": 14},
            "recipe": RECIPE.replace(lr=lr).to_dict(),
            "seeds": [0, 1],
        },
    )


def findings(outcomes):
    with_norm, without = ([outcomes[f"{kind}, rate {lr:g}"] for lr in RATES] for kind in ("with", "without"))

    def first_epoch(outcome):
        rows = [run["rows"][0]["valid_accuracy"] if run["rows"] else 0.0 for run in outcome["runs"]]
        return sum(rows) / len(rows)

    return {
        "at its best rate batch norm is better": best(outcomes, "with,") > best(outcomes, "without,"),
        "after one epoch, too, best rate against best rate": max(map(first_epoch, with_norm))
        > max(map(first_epoch, without)),
        "at rate 1 only the normalised network learns (above 40 %, below 20 %)": with_norm[-1]["score"] > 0.4
        and without[-1]["score"] < 0.2,
    }


EXPERIMENT = Experiment(
    question="What does batch normalisation change in six convolutions, at small, medium and large rates?",
    cases=tuple(_case(norm, lr) for norm in (True, False) for lr in RATES),
    run=train,
    findings=findings,
    tolerance=0.06,
)
