"""One 7x7 convolution a stage against three 3x3: the same receptive field, two stages, 16 channels each.

Simonyan and Zisserman (arXiv:1409.1556, section 2.3): three 3x3 layers have 27 C^2 weights instead of 49
C^2 and three nonlinearities instead of one. A first design without the stem and with 16 and 32 channels did
not map C to C: there three 3x3 had more weights, and not every seed of 3x3 beat every seed of 7x7.
"""

from course_utils.experiments.experiment import Case, Experiment
from course_utils.experiments.training import train
from course_utils.training import Recipe

RECIPE = Recipe(
    epochs=6,
    batch_size=64,
    lr=0.1,
    schedule="triangle",
    warmup=1,
    weight_decay=5e-4,
    precision="bfloat16",
    channels_last=True,
)


def _case(label: str, kernel: int, depth: int) -> Case:
    return Case(
        label,
        {
            "network": {"name": "chain", "widths": [16, 16], "kernel": kernel, "depth": depth, "stem": True},
            "data": {"train": 2000, "test": 2000, "side": 28},
            "recipe": RECIPE.to_dict(),
            "seeds": [0, 1, 2],
        },
    )


def findings(outcomes):
    one, three = outcomes["one 7x7"], outcomes["three 3x3"]
    return {
        "three 3x3 are more accurate": three["score"] > one["score"],
        "every seed of three 3x3 beats every seed of one 7x7": min(run["score"] for run in three["runs"])
        > max(run["score"] for run in one["runs"]),
        "three 3x3 have fewer parameters": three["parameters"] < one["parameters"],
    }


EXPERIMENT = Experiment(
    question="Seven pixels wide: is it better to see them by one 7x7 convolution or by three of 3x3?",
    cases=(_case("one 7x7", 7, 1), _case("three 3x3", 3, 3)),
    run=train,
    findings=findings,
    tolerance=0.03,
)
