"""Features made by hand against a small ConvNet trained from scratch, on four sets.

Stamps (128 photographs to learn from), Fashion-MNIST (2,000), and Scenes (2,000 each) where it is known what
decides: shape under random colours and places, or colour under random shapes and places. The features are
read by a linear classifier whose C is chosen by cross-validation on the training images.
"""

import statistics

import torch

from course_utils import models
from course_utils.data import fashion_mnist, scenes, stamps
from course_utils.data.augment import Flip, PaddedCrop
from course_utils.data.device_loader import DeviceLoader
from course_utils.experiments.experiment import Case, Experiment
from course_utils.features import HOG, ColorHistogram, Pixels
from course_utils.training import Recipe, best_device, fit_iter
from course_utils.transfer import linear_probe

RECIPE = Recipe(
    epochs=12,
    batch_size=50,
    lr=0.1,
    schedule="triangle",
    warmup=2,
    nesterov=True,
    weight_decay=5e-4,
    precision="bfloat16",
    channels_last=True,
)
RECIPES = {"stamps": RECIPE.replace(epochs=60, batch_size=16, lr=0.05)}
AUGMENT = {"stamps": [Flip(), PaddedCrop(4)], "Fashion-MNIST": [Flip()]}  # scenes vary enough
NUISANCES = {
    "scenes, shape": ("shape", ["color", "position"]),
    "scenes, colour": ("color", ["shape", "position"]),
}
BY_HAND = {"pixels": Pixels, "colour": ColorHistogram, "HOG": HOG}
CS = (1e-4, 1e-3, 1e-2, 1e-1)


def load(name: str, train: int = 2000, test: int = 1000):
    """(images, labels, ...) for training and for testing."""
    if name == "stamps":
        return stamps("train", 32), stamps("test", 32)
    if name == "Fashion-MNIST":
        return tuple(
            (images[:n], labels[:n])
            for (images, labels, _), n in ((fashion_mnist("train"), train), (fashion_mnist("test"), test))
        )
    cue, nuisances = NUISANCES[name]
    return scenes(train, cue, nuisances, seed=0), scenes(test, cue, nuisances, seed=1)


def _case(data: str, kind: str) -> Case:
    settings = {"data": data, "kind": kind, "seeds": [0]}
    if kind == "ConvNet":
        recipe = RECIPES.get(data, RECIPE)
        augment = [repr(step) for step in AUGMENT.get(data, [])]
        settings |= {
            "network": "small_convnet",
            "recipe": recipe.to_dict(),
            "augment": augment,
            "seeds": [0, 1],
        }
    return Case(f"{data}: {kind}", settings)


def run(case: Case):
    settings = case.settings
    (images, labels, *_), (test_images, test_labels, *_) = load(settings["data"])
    if settings["kind"] != "ConvNet":
        # 4 x 4 cells; Fashion-MNIST has 28 pixels, the others 32.
        feature = (
            HOG(cell=images.shape[-1] // 4) if settings["kind"] == "HOG" else BY_HAND[settings["kind"]]()
        )
        x, x_test = feature.fit(images).transform(images), feature.transform(test_images)
        probe = linear_probe(x, labels, Cs=CS, folds=3)
        return {"score": float(probe.score(x_test, test_labels)), "dimensions": x.shape[1]}
    scores = []
    for seed in settings["seeds"]:
        torch.manual_seed(seed)
        model = models.create("small_convnet", int(labels.max()) + 1, images.shape[1])
        recipe = Recipe(**settings["recipe"]).replace(seed=seed)
        train = DeviceLoader(
            images,
            labels,
            recipe.batch_size,
            device=best_device(),
            shuffle=True,
            augment=AUGMENT.get(settings["data"], []),
            seed=seed,
        )
        rows = list(fit_iter(model, train, (test_images, test_labels), recipe))
        scores.append(rows[-1].valid_accuracy)
    return {
        "score": statistics.mean(scores),
        "seeds": scores,
        "parameters": sum(p.numel() for p in model.parameters()),
    }


def findings(outcomes):
    def score(data, kind):
        return outcomes[f"{data}: {kind}"]["score"]

    def best_by_hand(data):
        return max(score(data, kind) for kind in BY_HAND if f"{data}: {kind}" in outcomes)

    return {
        "Fashion-MNIST: the ConvNet beats everything made by hand": score("Fashion-MNIST", "ConvNet")
        > best_by_hand("Fashion-MNIST"),
        "stamps: with 128 photographs it does not": score("stamps", "ConvNet") <= best_by_hand("stamps"),
        "scenes told by shape: HOG beats colours by more than thirty points": score("scenes, shape", "HOG")
        > score("scenes, shape", "colour") + 0.30,
        "scenes told by colour: colours beat HOG by more than thirty points": score(
            "scenes, colour", "colour"
        )
        > score("scenes, colour", "HOG") + 0.30,
        "scenes: the ConvNet finds either cue (90 %)": min(
            score("scenes, shape", "ConvNet"), score("scenes, colour", "ConvNet")
        )
        > 0.90,
    }


EXPERIMENT = Experiment(
    question="Who sees more, features made by hand or a small ConvNet, and on which pictures?",
    cases=tuple(
        _case(data, kind)
        for data in ("stamps", "Fashion-MNIST", "scenes, shape", "scenes, colour")
        for kind in (*BY_HAND, "ConvNet")
        if (data, kind) != ("Fashion-MNIST", "colour")  # it is grey
    ),
    run=run,
    findings=findings,
    tolerance=0.05,
    score="accuracy on the test images; for the ConvNet the mean over the seeds",
)
