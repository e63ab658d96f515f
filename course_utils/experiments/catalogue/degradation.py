"""Degradation: deeper plain networks fit the TRAINING set worse, residual ones do not.

He et al. (arXiv:1512.03385, figure 6) on CIFAR-10 with 64,000 steps; here the same four networks on 2,000
Fashion-MNIST images of 14x14 for a few hundred steps, which is what a laptop does in minutes. What is
compared is the accuracy on the training set: the question is optimisation, not generalisation.
"""

from functools import partial

from course_utils.experiments.experiment import Case, Experiment
from course_utils.experiments.training import train
from course_utils.training import Recipe

RECIPE = Recipe(
    epochs=8,
    batch_size=64,
    lr=0.1,
    schedule="cosine",
    warmup=1,
    weight_decay=1e-4,
    precision="bfloat16",
    channels_last=True,
)


def _case(name: str) -> Case:
    return Case(
        name,
        {
            "network": {"name": name, "in_channels": 1},
            "data": {"train": 2000, "test": 1000, "side": 14},
            "recipe": RECIPE.to_dict(),
            "seeds": [0, 1],
        },
    )


def findings(outcomes):
    plain20, plain56, resnet20, resnet56 = (
        outcomes[name]["score"] for name in ("plain20", "plain56", "resnet20", "resnet56")
    )
    return {
        "the plain network of 56 layers fits worse than that of 20": plain56 < plain20,
        "the residual network of 56 layers fits better than the plain one": resnet56 > plain56,
        "depth costs the plain network more than the residual one": plain20 - plain56 > resnet20 - resnet56,
        "the residual network of 56 layers fits at least as well as that of 20": resnet56 >= resnet20,
    }


EXPERIMENT = Experiment(
    question="20 and 56 layers, plain and residual: which networks can fit their training set?",
    cases=tuple(_case(name) for name in ("plain20", "resnet20", "plain56", "resnet56")),
    run=partial(train, measure="train_accuracy"),
    findings=findings,
    tolerance=0.08,
    score="training accuracy over the last epoch, mean over the seeds",
)
