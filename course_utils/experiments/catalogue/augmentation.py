"""Augmentation on and off, where it matters: few images, many epochs."""

from course_utils.experiments.experiment import Case, Experiment
from course_utils.experiments.training import train
from course_utils.training import Recipe

RECIPE = Recipe(
    epochs=20,
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


def _case(label: str) -> Case:
    return Case(
        label,
        {
            "network": {"name": "small_convnet", "width": 8},
            "data": {"train": 500, "test": 2000, "side": 28},
            "augment": AUGMENTATIONS[label],
            "recipe": RECIPE.to_dict(),
            "seeds": [0, 1],
        },
    )


def findings(outcomes):
    def train_accuracy(label):
        return sum(run["rows"][-1]["train_accuracy"] for run in outcomes[label]["runs"])

    none = outcomes["none"]["score"]
    return {
        "flips help": outcomes["flip"]["score"] > none,
        "flips and crops help": outcomes["flip and crop"]["score"] > none,
        "cutout on top helps further": outcomes["flip, crop, cutout"]["score"]
        > outcomes["flip and crop"]["score"],
        "augmented training sets are fitted less well": train_accuracy("flip and crop")
        < train_accuracy("none"),
    }


EXPERIMENT = Experiment(
    question="50 images a class: what do flips, shifts and cutout add on images never seen?",
    cases=tuple(_case(label) for label in AUGMENTATIONS),
    run=train,
    findings=findings,
    tolerance=0.03,
)
