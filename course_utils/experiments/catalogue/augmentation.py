"""Augmentation on and off with 50 images a class, in a short and in a long training.

Length matters: what augmentation prevents is learning the images by heart, and in 20 epochs (200 steps) no
network of this size gets there; it only makes the task harder. The 20 epochs came first, with the
expectation that flips and crops help; they did not, and the 100 epochs and both lengths' statements were
written after that.
"""

from course_utils.experiments.experiment import Case, Experiment
from course_utils.experiments.training import train
from course_utils.training import Recipe

RECIPE = Recipe(
    epochs=20,  # or as many as the case says
    batch_size=50,
    lr=0.1,
    schedule="triangle",
    warmup=2,
    weight_decay=5e-4,
    precision="bfloat16",
    channels_last=True,
)
AUGMENTATIONS = {
    "none": {},
    "flip": {"AlternatingFlip": {}},
    "flip and crop": {"AlternatingFlip": {}, "PaddedCrop": {"padding": 2}},
    "flip, crop, cutout": {"AlternatingFlip": {}, "PaddedCrop": {"padding": 2}, "Cutout": {"size": 8}},
}


EPOCHS = (20, 100)


def _case(augmentation: str, epochs: int) -> Case:
    return Case(
        f"{augmentation}, {epochs} epochs",
        {
            "network": {"name": "small_convnet", "width": 8},
            "data": {"train": 500, "test": 2000, "side": 28},
            "augment": AUGMENTATIONS[augmentation],
            "recipe": RECIPE.replace(epochs=epochs).to_dict(),
            "seeds": [0, 1],
        },
    )


def findings(outcomes):
    def score(augmentation, epochs):
        return outcomes[f"{augmentation}, {epochs} epochs"]["score"]

    def by_heart(augmentation):
        runs = outcomes[f"{augmentation}, 100 epochs"]["runs"]
        return sum(run["rows"][-1]["train_accuracy"] for run in runs) / len(runs)

    return {
        "in 20 epochs flips and crops do not help": score("flip and crop", 20) <= score("none", 20),
        "in 100 epochs flips help": score("flip", 100) > score("none", 100),
        "in 100 epochs flips and crops help": score("flip and crop", 100) > score("none", 100),
        "in 100 epochs cutout on top helps further": score("flip, crop, cutout", 100)
        > score("flip and crop", 100),
        "without augmentation 100 epochs learn the training set by heart (99 %)": by_heart("none") > 0.99,
        "with flips and crops they do not": by_heart("flip and crop") < 0.99,
    }


EXPERIMENT = Experiment(
    question="50 images a class: what do flips, shifts and cutout add on images never seen?",
    cases=tuple(_case(augmentation, epochs) for epochs in EPOCHS for augmentation in AUGMENTATIONS),
    run=train,
    findings=findings,
    tolerance=0.03,
)
