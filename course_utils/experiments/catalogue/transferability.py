"""How transferable are features? The curves of Yosinski et al. (arXiv:1411.1792) on Fashion-MNIST.

Two random halves of the ten classes, and one unlike pair: things worn on the body against shoes and the bag
(the paper's man-made against natural). Small networks on 14x14 images: the paper's effects are of a few
points on ImageNet, so expect noise.
"""

import statistics

import torch

from course_utils.experiments.chain import chain
from course_utils.experiments.experiment import Case, Experiment
from course_utils.experiments.training import load
from course_utils.training import Recipe
from course_utils.transfer import split_classes, transferability

RECIPE = Recipe(
    epochs=5,
    batch_size=50,
    lr=0.05,
    schedule="triangle",
    warmup=1,
    weight_decay=5e-4,
    precision="bfloat16",
    channels_last=True,
)
SHOES_AND_BAG = (5, 7, 8, 9)
WORN = (0, 1, 2, 3, 4, 6)
NETWORK = {"side": 14, "widths": [16, 32, 64], "depth": 2}


def _case(label: str, classes, seed: int) -> Case:
    return Case(
        label,
        {
            "network": NETWORK,
            "data": {"train": 2000, "test": 1000, "side": 14},
            "classes": classes,
            "recipe": RECIPE.to_dict(),
            "seed": seed,
        },
    )


def run(case: Case):
    settings = case.settings
    train, valid = load(settings["data"])
    torch.manual_seed(settings["seed"])
    found = list(
        transferability(
            lambda classes: chain(classes, **settings["network"]),
            train,
            valid,
            Recipe(**settings["recipe"]),
            classes=settings["classes"],
            seed=settings["seed"],
        )
    )
    return {
        "score": found[0].accuracy,
        "curves": [{"network": t.network, "layers": t.layers, "epochs": t.epochs} for t in found],
    }


def _mean(outcome, source: str, tuned: bool, layers=range(1, 100)) -> float:
    ending = "B+" if tuned else "B"
    return statistics.mean(
        curve["epochs"][-1]
        for curve in outcome["curves"]
        if curve["layers"] in layers
        and curve["network"].startswith(source)
        and curve["network"].endswith(ending)
    )


def findings(outcomes):
    near = [outcome for label, outcome in outcomes.items() if label.startswith("random")]
    far = outcomes["unlike halves"]

    def loss(outcome, layers):  # what frozen layers of A cost against frozen layers of B
        return _mean(outcome, "B", False, layers) - _mean(outcome, "A", False, layers)

    return {
        "frozen layers of A: the last two cost more than the first two": statistics.mean(
            loss(outcome, (5, 6)) for outcome in near
        )
        > statistics.mean(loss(outcome, (1, 2)) for outcome in near),
        "unlike halves cost more than random ones (last two layers)": loss(far, (5, 6))
        > statistics.mean(loss(outcome, (5, 6)) for outcome in near),
        "fine-tuned transfer beats no transfer (random halves)": statistics.mean(
            _mean(outcome, "A", True) for outcome in near
        )
        > statistics.mean(outcome["score"] for outcome in near),
    }


def _random(seed: int) -> Case:
    return _case(f"random halves {seed}", split_classes(range(10), seed), seed)


EXPERIMENT = Experiment(
    question="Copy the first n layers from a network for other classes: what is lost frozen, won fine-tuned?",
    cases=(_random(0), _random(1), _case("unlike halves", [list(SHOES_AND_BAG), list(WORN)], 2)),
    run=run,
    findings=findings,
    tolerance=0.05,
    score="accuracy of baseB, the network trained on B alone",
)
